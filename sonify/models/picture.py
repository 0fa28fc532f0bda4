"""One picture from a file, as the image tower takes it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sonify.errors import VideoError

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 512 * 2**20
MAX_PIXELS = 200_000_000
_SIDE_PX = 1536
"""Far more than any tower looks at, little enough for any memory."""
_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM")


def read_picture(path: Path) -> NDArray[np.uint8]:
    """A still picture as uint8 [1, H, W, 3] RGB, upright, neither side over 1536 px; of an animation its first.

    What is transparent is put on black. Raises VideoError for a file that is missing, damaged, too large or no
    picture.
    """
    from PIL import Image as Pictures
    from PIL import ImageOps, UnidentifiedImageError

    try:
        if path.stat().st_size > MAX_BYTES:
            raise VideoError(f"the picture {path} has over {MAX_BYTES >> 20} MiB", hint="export it smaller")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of damaged metadata, which nobody needs
            with Pictures.open(path, formats=_FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    what = f"the picture {path} has {picture.width} x {picture.height} pixels"
                    raise VideoError(what, hint=f"export it with at most {MAX_PIXELS // 1_000_000} million")
                picture.draft("RGB", (_SIDE_PX, _SIDE_PX))
                picture.load()
                small = picture.copy()
                small.thumbnail((_SIDE_PX, _SIDE_PX))
                upright = ImageOps.exif_transpose(small)
                if "A" in upright.getbands() or "transparency" in upright.info:
                    whole = upright.convert("RGBA")
                    upright = Pictures.new("RGBA", whole.size, (0, 0, 0, 255))
                    upright.alpha_composite(whole)
                return np.asarray(_eight_bit(upright).convert("RGB"), np.uint8)[None]
    except FileNotFoundError:
        raise VideoError(f"there is no picture {path}", hint="check the name") from None
    except Pictures.DecompressionBombError:
        raise VideoError(f"the picture {path} is far too large", hint="export it smaller") from None
    except UnidentifiedImageError:
        raise VideoError(f"{path} is no picture", hint=f"give a still as {', '.join(_FORMATS[:3])}") from None
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, KeyError, MemoryError) as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise VideoError(f"can't read the picture {path} ({reason})", hint="does it open elsewhere?") from None


def _eight_bit(picture: Image.Image) -> Image.Image:
    """Sixteen bits a pixel (scans, depth) scaled to eight, where Pillow would cut them off."""
    if not picture.mode.startswith("I"):
        return picture
    from PIL import Image as Pictures

    wide = np.asarray(picture, np.float64)
    return Pictures.fromarray(np.clip(wide / 257.0, 0, 255).astype(np.uint8))
