"""A sound that goes on for as long as a cue wants it: trimmed when longer, looped when shorter."""

from __future__ import annotations

import numpy as np

from sonify.mix.sources import RATE_HZ, Samples, SoundFile, SoundStream

SHORTEST_LOOP_S = 0.1
"""A shorter sound is played once: repeated ten times a second and more it would be heard as a tone."""

LEAST_MISSING_S = 0.05
"""A sound that is short by less than this ends before its cue and does not begin again."""

_READ = RATE_HZ
"""Samples that are asked of the file at a time."""


class LoopStream:
    """A sound from `offset_s` on, for `wanted` samples or more.

    If that takes it past its end, the sound begins again, its last `crossfade_s` laid over its first (at
    most a quarter of the sound). An offset past the end is taken modulo the length, as a loop would.
    """

    def __init__(self, sound: SoundFile, offset_s: float, crossfade_s: float, wanted: int) -> None:
        self.sound = sound
        self.channels = min(sound.channels, 2)
        length = int(sound.duration_s * RATE_HZ)
        self._overlap = max(0, min(round(crossfade_s * RATE_HZ), length // 4))
        first = round(offset_s * sound.rate_hz) % sound.frames
        rest_s = (sound.frames - first) / sound.rate_hz
        self._loops = sound.duration_s >= SHORTEST_LOOP_S and wanted / RATE_HZ > rest_s + LEAST_MISSING_S
        if not self._loops:
            self._overlap = 0
        self._stream: SoundStream | None = SoundStream(sound, first)
        self._whole_pass = 0
        self._passes = 0
        # What the file gave and nobody has had yet; the last `overlap` samples wait for what follows them.
        self._held = np.zeros((0, self.channels), np.float32)
        self._ready = self._held

    def read(self, count: int) -> Samples:
        """The next `count` samples [count, C] at 48 kHz; silence after the end of one that doesn't loop."""
        parts, have = [self._ready], len(self._ready)
        while have < count and self._stream is not None:
            part = self._advance()
            parts.append(part)
            have += len(part)
        joined = np.concatenate(parts)
        self._ready = joined[count:]
        if len(joined) < count:
            joined = np.concatenate([joined, np.zeros((count - len(joined), self.channels), np.float32)])
        return joined[:count]

    def close(self) -> None:
        """Closes the file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _advance(self) -> Samples:
        assert self._stream is not None
        fresh = self._stream.read(_READ)
        self._whole_pass += len(fresh)
        held = np.concatenate([self._held, fresh])
        if len(fresh):
            keep = min(self._overlap, len(held))
            self._held = held[len(held) - keep :]
            return held[: len(held) - keep]
        self._passes += 1
        # What the header says may be wrong; a full pass tells.
        if not self._loops or (self._passes > 1 and self._whole_pass < SHORTEST_LOOP_S * RATE_HZ):
            self.close()
            self._held = held[:0]
            return held
        self._stream = SoundStream(self.sound)
        head = self._stream.read(self._overlap)
        self._whole_pass = len(head)
        overlap = min(len(held), len(head))
        self._held = head[overlap:]
        return np.concatenate([held[: len(held) - overlap], crossfade(held[len(held) - overlap :], head[:overlap])])


def crossfade(old: Samples, new: Samples) -> Samples:
    """From `old` to `new`, both [N, C], on straight lines, at a level that holds.

    Two copies of the same add up in amplitude, two unrelated noises in power; the lines are divided by
    what they would add up to at the correlation that the two really have, so there is no dip in between.
    """
    count = len(old)
    if not count:
        return new
    up = ((np.arange(count) + 0.5) / count)[:, None]
    down = 1 - up
    a, b = old.astype(np.float64), new.astype(np.float64)
    power = float(np.sqrt((a * a).sum() * (b * b).sum()))
    likeness = min(1.0, max(0.0, float((a * b).sum()) / power)) if power > 0 else 1.0
    level = np.sqrt(up * up + down * down + 2 * likeness * up * down)
    mixed: Samples = ((a * down + b * up) / level).astype(np.float32)
    return mixed
