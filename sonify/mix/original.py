"""The video's own audio, as a stream of 48 kHz stereo that begins where the file begins."""

from __future__ import annotations

import subprocess
import tempfile
from fractions import Fraction

import numpy as np

from sonify.mix import ffmpeg
from sonify.mix.sources import RATE_HZ
from sonify.mix.spatial import Floats
from sonify.mix.streams import Film

_BYTES = 8
"""Of one stereo sample in float32."""


class OriginalAudio:
    """The first audio track of `film` from the time stamp `from_s` on, decoded by ffmpeg. `close()` it.

    Its time stamps are kept: a track that starts late starts late here, gaps of over 0.1 s are silence.
    More than two channels are folded down (ITU-R BS.775), mono goes to both sides.
    """

    def __init__(self, film: Film, from_s: Fraction) -> None:
        track = film.audio
        assert track is not None
        self._log = tempfile.TemporaryFile("a+b")  # noqa: SIM115
        # ffmpeg would take 3 dB off mono; players don't.
        stereo = "pan=stereo|c0=c0|c1=c0" if track.channels == 1 else "aformat=channel_layouts=stereo"
        self._process = ffmpeg.start(
            [
                *(*ffmpeg.SAFE, "-format_whitelist", ffmpeg.FORMATS),
                *("-vn", "-sn", "-dn", "-i", ffmpeg.file_url(film.path), "-map", f"0:{track.index}"),
                *("-af", f"aresample={RATE_HZ}:async=1:first_pts=0,{stereo}"),
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
        """The next stereo samples [count, 2]; silence after the end."""
        while self._skip:
            step = min(self._skip, RATE_HZ)
            self._skip = self._skip - step if len(self._take(step)) == step else 0
        silent = min(self._silence, count)
        self._silence -= silent
        samples = self._take(count - silent)
        out = np.zeros((count, 2))
        # A decoder that goes astray can give anything; the limiter can't work with what is no number.
        out[silent : silent + len(samples)] = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        return out

    def _take(self, count: int) -> Floats:
        assert self._process.stdout is not None
        raw = self._process.stdout.read(count * _BYTES)
        self.given += len(raw) // _BYTES
        return np.frombuffer(raw[: len(raw) // _BYTES * _BYTES], "<f4").reshape(-1, 2).astype(np.float64)

    def close(self) -> None:
        """Ends ffmpeg; then `reason` is what it complained about, in one line."""
        if not self._log.closed:
            ffmpeg.stop(self._process)
            self.reason = ffmpeg.last_error(self._log)
            self._log.close()
