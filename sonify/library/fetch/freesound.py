"""Packs of freesound.org, through its API (freesound.org/docs/api).

With an API key come the previews (Ogg Vorbis, about 192 kbit/s); the originals need an OAuth2 access token.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from sonify.errors import LibraryError
from sonify.library.fetch.download import Remote
from sonify.library.fetch.network import Headers, Network, NotThereError, read
from sonify.library.fetch.sheet import Row
from sonify.library.fetch.single import Chosen, Single, file_name
from sonify.library.rights.licences import normalise

KEY, ACCESS = "FREESOUND_API_KEY", "FREESOUND_ACCESS_TOKEN"
_FIELDS = "id,name,license,username,previews,duration,tags,description,url,filesize,type,md5"
_PAGE_SIZE, _MAX_PAGES = 150, 100
_MAX_PAGE_BYTES = 16 << 20
_PREVIEW = "preview-hq-ogg"
_PREVIEW_BYTES_A_SECOND = 192_000 / 8
_MAX_SOUND_BYTES = 1 << 30
_READABLE = ("wav", "aif", "aiff", "flac", "ogg", "mp3")


def choose(address: str, pack: int, limit: int, network: Network) -> Chosen:
    """The sounds of a pack, each with its own licence, at most `limit` of them (0: all).

    The key is taken from FREESOUND_API_KEY, the access token from FREESOUND_ACCESS_TOKEN. Raises LibraryError
    without a key, for one that Freesound refuses, for a pack that isn't there, and without a network.
    """
    access, key = os.environ.get(ACCESS, "").strip(), os.environ.get(KEY, "").strip()
    if not access and not key:
        raise LibraryError(
            "Freesound gives sounds only to those with an API key",
            hint=f"get one at freesound.org/apiv2/apply, then set {KEY} to it",
        )
    if not (access or key).isascii() or not (access or key).isprintable():
        raise LibraryError(f"{ACCESS if access else KEY} is no key", hint="copy it from freesound.org/apiv2/apply")
    asked = (("Authorization", f"Bearer {access}" if access else f"Token {key}"),)
    about = _ask(f"{address}/packs/{pack}/", asked, network, pack)
    singles = []
    for sound in _sounds(address, pack, asked, network):
        single = _single(address, sound, asked if access else ())
        if single:
            singles.append(single)
        if limit and len(singles) >= limit:
            break
    title = f"Freesound pack {_text(about, 'name') or pack} by {_text(about, 'username') or 'unknown'}"
    return Chosen(title, tuple(singles))


def _sounds(address: str, pack: int, asked: Headers, network: Network) -> Iterator[dict[str, Any]]:
    url = f"{address}/packs/{pack}/sounds/?{urlencode({'fields': _FIELDS, 'page_size': _PAGE_SIZE})}"
    for _ in range(_MAX_PAGES):
        page = _ask(url, asked, network, pack)
        results = page.get("results")
        yield from (sound for sound in (results if isinstance(results, list) else ()) if isinstance(sound, dict))
        url = _text(page, "next")
        if not url:
            return
        # The key goes along, so the next page must be on the same server.
        if urlsplit(url)[:2] != urlsplit(address)[:2]:
            raise LibraryError(f"Freesound sends on to {url[:100]!r}", hint="nothing was fetched")
    raise LibraryError(f"pack {pack} has over {_PAGE_SIZE * _MAX_PAGES} sounds", hint="use --limit")


def _single(address: str, sound: dict[str, Any], access: Headers) -> Single | None:
    """None for a sound that can't be fetched."""
    number, seconds, size = sound.get("id"), sound.get("duration"), sound.get("filesize")
    previews = sound.get("previews")
    preview = _text(previews, _PREVIEW) if isinstance(previews, dict) else ""
    kind = _text(sound, "type").lower()
    if not isinstance(number, int) or number <= 0:
        return None
    if access and kind in _READABLE and isinstance(size, int) and 0 < size <= _MAX_SOUND_BYTES:
        md5 = _text(sound, "md5").lower()
        known = len(md5) == 32 and set(md5) <= set("0123456789abcdef")
        remote = Remote(f"{address}/sounds/{number}/download/", size, f"md5:{md5}" if known else "", headers=access)
        expected, suffix = size, f".{kind}"
    elif preview:
        remote = Remote(preview, max_bytes=_MAX_SOUND_BYTES)
        length_s = seconds if isinstance(seconds, (int, float)) and 0 < seconds < 1e6 else 10.0
        expected, suffix = int(length_s * _PREVIEW_BYTES_A_SECOND), ".ogg"
    else:
        return None
    name, author, licence = _text(sound, "name"), _text(sound, "username"), _text(sound, "license")
    tags = sound.get("tags")
    words = ", ".join(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list) else ""
    return Single(
        remote,
        Row(
            file=file_name(str(number), author, name, suffix),
            licence=normalise(licence) or licence,
            author=author,
            description=f"{name} ({words})" if words else name,
            source_url=f"https://freesound.org/s/{number}/",
        ),
        expected,
    )


def _ask(url: str, asked: Headers, network: Network, pack: int) -> dict[str, Any]:
    try:
        found = json.loads(read(url, network, max_bytes=_MAX_PAGE_BYTES, headers=asked))
    except NotThereError:
        raise LibraryError(f"Freesound has no pack {pack}", hint="its number stands in its page's address") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise LibraryError(f"Freesound's answer about pack {pack} makes no sense", hint="try again later")
    return found


def _text(found: dict[str, Any], key: str) -> str:
    text = found.get(key)
    return text if isinstance(text, str) else ""
