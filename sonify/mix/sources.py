"""Sounds in: any file that libsndfile reads, as float32 at 48 kHz, in order and never whole in memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from sonify.errors import LibraryError

RATE_HZ = 48_000
"""Samples a second of everything in the mix."""

LONGEST_READ_S = 10
"""How much of a file is read at once: a shorter sound is read whole and its file closed."""

RESAMPLER_REACH = 1024
"""More frames than the resampler looks ahead."""

Samples = NDArray[np.float32]
"""float32 [N, C], C = 1 (mono) or 2 (left, right), about -1..1."""

_ROOT_HALF = float(np.sqrt(0.5))
# Left and right share of each channel, for the layouts of WAVE files (Microsoft's channel order) and the
# coefficients of ITU-R BS.775: centre and surrounds at -3 dB, the low-frequency channel left out.
_FOLD: dict[int, tuple[tuple[float, ...], tuple[float, ...]]] = {
    3: ((1, 0, _ROOT_HALF), (0, 1, _ROOT_HALF)),
    4: ((1, 0, _ROOT_HALF, 0), (0, 1, 0, _ROOT_HALF)),
    5: ((1, 0, _ROOT_HALF, _ROOT_HALF, 0), (0, 1, _ROOT_HALF, 0, _ROOT_HALF)),
    6: ((1, 0, _ROOT_HALF, 0, _ROOT_HALF, 0), (0, 1, _ROOT_HALF, 0, 0, _ROOT_HALF)),
    8: (
        (1, 0, _ROOT_HALF, 0, _ROOT_HALF, 0, _ROOT_HALF, 0),
        (0, 1, _ROOT_HALF, 0, 0, _ROOT_HALF, 0, _ROOT_HALF),
    ),
}


@dataclass(frozen=True)
class SoundFile:
    """What a sound file says about itself; frames are samples per channel at its own rate.

    changed_ns: when it was changed last, so that what was found out about it isn't believed of another.
    """

    file: Path
    frames: int
    rate_hz: int
    channels: int
    exact_seek: bool
    changed_ns: int = 0

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.frames / self.rate_hz


def inspect(file: Path) -> SoundFile:
    """Reads the header. Raises LibraryError, which names the file, when it is no sound that we can read."""
    try:
        info = soundfile.info(str(file.absolute()))
        changed_ns = file.stat().st_mtime_ns
    except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
        raise LibraryError(f"can't read the sound {file}: {_reason(error)}", hint="mend or replace it") from None
    if info.frames <= 0:
        raise LibraryError(f"the sound {file} is empty", hint="replace it")
    if not 1000 <= info.samplerate <= 1_000_000:
        raise LibraryError(f"the sound {file} claims {info.samplerate} samples a second", hint="convert it first")
    # libsndfile lands elsewhere than asked in Ogg Vorbis (measured on 1.2.2), so there we read up to the place.
    return SoundFile(file, info.frames, info.samplerate, info.channels, info.subtype != "VORBIS", changed_ns)


class Source(Protocol):
    """Anything that gives samples [N, C] in order."""

    @property
    def channels(self) -> int:
        """1 or 2."""
        ...

    def read(self, count: int) -> Samples:
        """The next `count`; fewer at the end, none after it."""
        ...

    def close(self) -> None:
        """Lets go of files."""
        ...


class FrameStream:
    """A sound from one of its frames on, at its own rate, as mono or stereo.

    Values that are not numbers become silence; `damaged` counts them. wanted: how many frames will be asked for, so
    that of a long file no more is read; None, when that is not known.
    """

    def __init__(self, sound: SoundFile, start_frame: int = 0, *, wanted: int | None = None) -> None:
        self.sound = sound
        self.channels = min(sound.channels, 2)
        self.damaged = 0
        self._skip = start_frame
        self._left = sound.frames if wanted is None else wanted
        self._file: Any = None
        self._ended = self._left <= 0
        self._ready: Samples = np.zeros((0, self.channels), np.float32)

    def read(self, count: int) -> Samples:
        """The next `count` frames [count, C]; fewer at the end, none after it. Raises LibraryError."""
        parts, have = [self._ready], len(self._ready)
        while have < count and not self._ended:
            part = self._next()
            parts.append(part)
            have += len(part)
        joined = np.concatenate(parts) if len(parts) > 1 else self._ready
        self._ready = joined[count:]
        return joined[:count]

    def close(self) -> None:
        """Closes the file; nothing more is read."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._ended = True

    def _next(self) -> Samples:
        sound = self.sound
        try:
            if self._file is None:
                self._file = self._open()
            block = min(max(1, LONGEST_READ_S * sound.rate_hz), self._left)
            raw = self._file.read(block, dtype="float32", always_2d=True)
            self._left -= len(raw)
            last = len(raw) < block or not self._left or self._file.tell() >= sound.frames
        except (soundfile.SoundFileError, OSError, TypeError, ValueError) as error:
            self.close()
            raise LibraryError(
                f"can't read the sound {sound.file}: {_reason(error)}", hint="mend or replace it"
            ) from None
        if last:
            self.close()
        return fold(self._repaired(raw))

    def _open(self) -> Any:
        opened = soundfile.SoundFile(str(self.sound.file.absolute()))
        if (opened.samplerate, opened.channels) != (self.sound.rate_hz, self.sound.channels):
            opened.close()
            raise OSError("it changed while it was being used")
        if self._skip and self.sound.exact_seek:
            opened.seek(min(self._skip, self.sound.frames))
        elif self._skip:
            left = self._skip
            while left > 0:
                passed = len(opened.read(min(left, LONGEST_READ_S * self.sound.rate_hz), dtype="float32"))
                if not passed:
                    break
                left -= passed
        return opened

    def _repaired(self, raw: Samples) -> Samples:
        good = np.isfinite(raw)
        if good.all():
            return raw
        self.damaged += int(good.size - np.count_nonzero(good))
        return np.where(good, raw, np.float32(0))


class Resampled:
    """A stream of frames played at `rate_hz` frames a second, at 48 kHz.

    The samples do not depend on how many are asked for at a time. dc: what is taken off each channel, before it is
    resampled: the step to an offset would ring.
    """

    def __init__(self, stream: Source, rate_hz: float, dc: tuple[float, ...] = ()) -> None:
        self.channels = stream.channels
        self._dc = np.array(dc, np.float32) if any(dc) else None
        self._stream, self._block, self._ended = stream, max(1, round(rate_hz)), False
        self._ready: Samples = np.zeros((0, self.channels), np.float32)
        self._resampler = (
            None
            if rate_hz == RATE_HZ
            else soxr.ResampleStream(rate_hz, RATE_HZ, self.channels, dtype="float32", quality="VHQ")
        )

    def read(self, count: int) -> Samples:
        """The next `count` samples [count, C]; fewer at the end, none after it. Raises LibraryError."""
        if self._resampler is None:
            return self._centred(self._stream.read(count))
        parts, have = [self._ready], len(self._ready)
        while have < count and not self._ended:
            fresh = self._stream.read(self._block)
            self._ended = len(fresh) < self._block
            part = self._resampler.resample_chunk(np.ascontiguousarray(self._centred(fresh)), last=self._ended)
            parts.append(part)
            have += len(part)
        joined = np.concatenate(parts) if len(parts) > 1 else self._ready
        self._ready = joined[count:]
        return joined[:count]

    def close(self) -> None:
        """Closes what it reads from."""
        self._stream.close()
        self._ended = True

    def _centred(self, samples: Samples) -> Samples:
        return samples if self._dc is None else samples - self._dc


class SoundStream(Resampled):
    """A sound from one of its frames to its end, at 48 kHz, as mono or stereo; see FrameStream.

    wanted: how many samples will be asked for, None when that is not known.
    """

    def __init__(
        self, sound: SoundFile, start_frame: int = 0, *, wanted: int | None = None, dc: tuple[float, ...] = ()
    ) -> None:
        self._frames = FrameStream(
            sound, start_frame, wanted=None if wanted is None else frames_for(wanted, sound.rate_hz)
        )
        super().__init__(self._frames, sound.rate_hz, dc)

    @property
    def damaged(self) -> int:
        """Values so far that were not numbers."""
        return self._frames.damaged


def frames_for(samples: int, rate_hz: float) -> int:
    """How many frames at `rate_hz` give so many samples at 48 kHz, with what the resampler looks ahead."""
    return samples if rate_hz == RATE_HZ else math.ceil(samples * rate_hz / RATE_HZ) + RESAMPLER_REACH


def fold(samples: Samples) -> Samples:
    """Mono and stereo as they are; more channels [N, C] folded down to two.

    Layouts that we don't know go channel by channel to the left and the right.
    """
    channels = samples.shape[1]
    if channels <= 2:
        return samples
    left, right = _FOLD.get(
        channels, (tuple((c + 1) % 2 for c in range(channels)), tuple(c % 2 for c in range(channels)))
    )
    matrix = np.array([left, right], np.float32).T
    folded: Samples = samples @ (matrix / np.sqrt(np.square(matrix).sum(axis=0)))
    return folded


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", "") or getattr(error, "strerror", "") or str(error)
    return str(text).strip().rstrip(".") or type(error).__name__
