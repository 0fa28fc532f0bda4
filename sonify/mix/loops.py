"""A sound that goes on for as long as a cue wants it: trimmed when longer, looped when shorter."""

from __future__ import annotations

import numpy as np

from sonify.mix.joins import crossfade
from sonify.mix.loop_points import Loop, found, given
from sonify.mix.sources import RATE_HZ, FrameStream, Resampled, Samples, SoundFile, frames_for

SHORTEST_LOOP_S = 0.1
"""A shorter sound is played once: repeated ten times a second and more it would be heard as a tone."""

LEAST_MISSING_S = 0.05
"""A sound that is short by less than this ends before its cue and does not begin again."""

MOST_VARIED = 1.06
"""A sound that ends before its cue only since it is played faster by a semitone or less does not begin again."""

KEPT_S = 10
"""A loop that is shorter than this stays in memory, and its file is closed."""


class LoopStream(Resampled):
    """A sound from `offset_s` on, for `wanted` samples at 48 kHz or more; silence after one that doesn't loop.

    If `wanted` takes it past its end, it is repeated: between the places `loop_s` of the file or, without any, those
    that join best (sonify.mix.loop_points), crossfaded over `crossfade_s` at the most. An offset past the end is
    taken modulo the length. speed: how many times faster it is played than recorded. dc: what is taken off each
    channel.
    """

    def __init__(
        self,
        sound: SoundFile,
        offset_s: float,
        crossfade_s: float,
        wanted: int,
        *,
        loop_s: tuple[float, float] | None = None,
        speed: float = 1.0,
        dc: tuple[float, ...] = (),
    ) -> None:
        first = round(offset_s * sound.rate_hz) % sound.frames
        rate_hz = sound.rate_hz * speed
        rest = sound.frames - first
        missing = wanted * rate_hz / RATE_HZ - rest
        enough = LEAST_MISSING_S * rate_hz + rest * (min(max(speed, 1.0), MOST_VARIED) - 1)
        loops = sound.duration_s >= SHORTEST_LOOP_S and missing > enough
        self.loop: Loop | None = None
        frames: FrameStream | _LoopedFrames
        if loops:
            overlap = round(crossfade_s * sound.rate_hz)
            self.loop = given(sound, loop_s, overlap) if loop_s else None
            self.loop = self.loop or found(sound, overlap)
            frames = _LoopedFrames(sound, first, self.loop)
        else:
            frames = FrameStream(sound, first, wanted=frames_for(wanted, rate_hz))
        super().__init__(frames, rate_hz, dc)
        self._front = np.zeros((0, self.channels), np.float32)

    def read(self, count: int) -> Samples:
        """The next `count` samples [count, C] at 48 kHz."""
        front, self._front = self._front[:count], self._front[count:]
        samples = super().read(count - len(front))
        silence = np.zeros((count - len(front) - len(samples), self.channels), np.float32)
        return np.concatenate([front, samples, silence]) if len(front) or len(silence) else samples

    def peek(self, count: int) -> Samples:
        """The next `count` samples, which will be read again."""
        self._front = self.read(count)
        return self._front


class _LoopedFrames:
    """The frames of a sound from `first` on, at its own rate, over and over between the ends of its loop."""

    def __init__(self, sound: SoundFile, first: int, loop: Loop) -> None:
        self._sound, self._loop = sound, loop
        self.channels = min(sound.channels, 2)
        self._at, self._end, self._overlap = first, loop.end, loop.overlap
        if first > loop.end - loop.overlap:
            # It begins behind the loop: that much is heard to the file's end, once.
            self._end, self._overlap = sound.frames, min(loop.overlap, (sound.frames - first) // 2)
        self._stream = FrameStream(sound, first)
        self._kept: Samples | None = None
        self._ready = np.zeros((0, self.channels), np.float32)
        self._ended = False

    def read(self, count: int) -> Samples:
        """The next `count` frames; fewer only where the file turns out to be too short to be repeated."""
        parts, have = [self._ready], len(self._ready)
        while have < count and not self._ended:
            part = self._advance(count - have)
            parts.append(part)
            have += len(part)
        joined = np.concatenate(parts)
        self._ready = joined[count:]
        return joined[:count]

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()
        self._ended = True

    def _advance(self, count: int) -> Samples:
        if self._kept is not None:
            return np.tile(self._kept, (-(-count // len(self._kept)), 1)) if count > len(self._kept) else self._kept
        left = self._end - self._overlap - self._at
        if left > 0:
            part = self._stream.read(min(left, max(count, 1)))
            self._at += len(part)
            if not len(part):
                # What the header says may be wrong; reading tells.
                self._end, self._overlap = self._at, 0
                self._ended = self._at - self._loop.start < SHORTEST_LOOP_S * self._sound.rate_hz
            return part
        return self._join()

    def _join(self) -> Samples:
        """The crossfade from the end to the start; from there on it is all the same again."""
        loop = self._loop
        old = self._stream.read(self._overlap)
        self._stream.close()
        again = FrameStream(self._sound, loop.start - self._overlap)
        new = again.read(self._overlap)
        size = min(len(old), len(new))
        joined = crossfade(old[len(old) - size :], new[len(new) - size :])
        whole_pass = (self._end, self._overlap) == (loop.end, loop.overlap)
        self._stream, self._at = again, loop.start
        self._end, self._overlap = min(loop.end, self._sound.frames), loop.overlap
        if whole_pass and loop.end - loop.start <= KEPT_S * self._sound.rate_hz:
            body = again.read(loop.end - loop.overlap - loop.start)
            again.close()
            if len(body) == loop.end - loop.overlap - loop.start:
                # It begins after this crossfade and ends with the next.
                self._kept = np.concatenate([body, joined])
        return joined
