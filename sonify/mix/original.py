"""The video's own audio, as a stream at 48 kHz that begins where the file begins."""

from __future__ import annotations

import subprocess
import tempfile
from fractions import Fraction

import numpy as np

from sonify.errors import RenderError
from sonify.mix import ffmpeg
from sonify.mix.sources import RATE_HZ
from sonify.mix.spatial import Floats
from sonify.mix.streams import Film

LAYOUTS = {2: "stereo", 6: "5.1", 8: "7.1"}
"""What a mix can be, by its channels; ffmpeg's names."""

_BYTES = 4
"""Of one float32."""


class OriginalAudio:
    """The first audio track of `film` from the time stamp `from_s` on, decoded by ffmpeg. `close()` it.

    Its time stamps are kept: a track that starts late starts late here, gaps of over 0.1 s are silence. It comes as
    `channels` channels, one of LAYOUTS: more are folded down (ITU-R BS.775), mono goes to both sides. Raises
    RenderError when ffmpeg is killed.
    """

    def __init__(self, film: Film, from_s: Fraction, channels: int = 2) -> None:
        track = film.audio
        assert track is not None
        self._film = film
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115
        # ffmpeg would take 3 dB off mono; players don't.
        layout = "pan=stereo|c0=c0|c1=c0" if track.channels == 1 else f"aformat=channel_layouts={LAYOUTS[channels]}"
        self._channels = channels
        self._process = ffmpeg.start(
            [
                *(*ffmpeg.SAFE, "-format_whitelist", ffmpeg.FORMATS),
                *("-vn", "-sn", "-dn", "-i", ffmpeg.file_url(film.path), "-map", f"0:{track.index}"),
                *("-af", f"aresample={RATE_HZ}:async=1:first_pts=0,{layout}"),
                *("-f", "f32le", "-c:a", "pcm_f32le", "-ar", str(RATE_HZ), "pipe:1"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        ahead = round((film.zero_s([track]) - from_s) * RATE_HZ)
        self._silence, self._skip = max(ahead, 0), max(-ahead, 0)
        self.given = 0
        """Samples that came from the file so far."""
        self.reason = ""

    def read(self, count: int) -> Floats:
        """The next samples [count, C]; silence after the end."""
        while self._skip:
            step = min(self._skip, RATE_HZ)
            self._skip = self._skip - step if len(self._take(step)) == step else 0
        silent = min(self._silence, count)
        self._silence -= silent
        samples = self._take(count - silent)
        out = np.zeros((count, self._channels))
        # A decoder that goes astray can give anything; the limiter can't work with what is no number.
        out[silent : silent + len(samples)] = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return out

    def _take(self, count: int) -> Floats:
        assert self._process.stdout is not None
        one = _BYTES * self._channels
        raw = self._process.stdout.read(count * one)
        if len(raw) < count * one and self._process.wait() < 0:
            raise RenderError(
                f"ffmpeg was ended while it read the audio of {self._film.path}",
                hint="try again, with more memory free",
            )
        self.given += len(raw) // one
        return np.frombuffer(raw[: len(raw) // one * one], "<f4").reshape(-1, self._channels).astype(np.float64)

    def close(self) -> None:
        """Ends ffmpeg; then `reason` is what it complained about, in one line."""
        if not self._log.closed:
            ffmpeg.stop(self._process)
            self.reason = ffmpeg.last_error(self._log)
            self._log.close()
