"""The timeline: moviepy's CompositeAudioClip over clips of our own, taken in blocks.

moviepy decides what sounds when and adds it up. What it does less well we do ourselves: our clips give
their samples at the mix's rate, so its nearest-sample resampling finds nothing to do; each block is
composed only of the clips that sound in it, so the cost of a block doesn't grow with the cue sheet; and
a clip opens its file when its time comes and closes it after.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np
from moviepy.audio.AudioClip import AudioClip, CompositeAudioClip
from moviepy.Clip import Clip

from sonify.cues import Cue
from sonify.mix.levels import Level
from sonify.mix.loops import LoopStream
from sonify.mix.sources import RATE_HZ, Samples, SoundFile
from sonify.mix.spatial import Fades, Floats, Line, Position

BLOCK = 2 * RATE_HZ
"""Samples that are mixed at a time."""

LOOP_CROSSFADE_S = {"effect": 0.1, "ambience": 1.0}
"""How long a sound's end lies over its start when it loops."""

_SOFT_EDGE_S = 0.003
"""The shortest fade where a sound is cut in the middle, against clicks."""


def sample_at(time_s: float | Fraction) -> int:
    """The sample at which a time of the cue sheet lies."""
    return round(Fraction(time_s) * RATE_HZ)


class CueClip(AudioClip):  # type: ignore[misc]
    """One cue as a clip of moviepy, to be read from its first sample to its last.

    first, end: its place in samples of the timeline, on which `origin` is the video's first frame. `level`
    is called when the clip begins, and may raise LibraryError.
    """

    def __init__(self, cue: Cue, sound: SoundFile, level: Callable[[], Level], *, origin: int, end: int) -> None:
        Clip.__init__(self)
        self.cue, self.sound = cue, sound
        self.first = origin + sample_at(cue.start_s)
        self.past = max(self.first + 1, min(origin + sample_at(cue.end_s), end))
        self.fps, self.nchannels = RATE_HZ, 2
        self.start, self.end = self.first / RATE_HZ, self.past / RATE_HZ
        self.duration = self.end - self.start
        self.frame_function = self._at
        length = self.past - self.first
        starts_inside = cue.source_offset_s % sound.duration_s > 0
        stops_inside = cue.source_offset_s % sound.duration_s + length / RATE_HZ != sound.duration_s
        self._fades = Fades(
            length,
            sample_at(max(cue.fade_in_s, _SOFT_EDGE_S if starts_inside else 0.0)),
            sample_at(max(cue.fade_out_s, _SOFT_EDGE_S if stops_inside else 0.0)),
        )
        self._origin = origin
        self._level = level
        self._stream: LoopStream | None = None
        self._next = self.first
        self._dc = np.zeros(1, np.float32)
        self._position: Position

    def _at(self, times_s: Floats) -> Samples:
        """Stereo samples [N, 2] at N neighbouring times after the clip's start; silence outside of it."""
        begin, last = (round(float(time_s) * RATE_HZ) + self.first for time_s in (times_s[0], times_s[-1]))
        if last - begin != len(times_s) - 1:
            raise ValueError("a cue's clip is read sample by sample")
        out = np.zeros((len(times_s), 2), np.float32)
        first, past = max(begin, self.first), min(last + 1, self.past)
        if first >= past:
            return out
        if first != self._next:
            raise ValueError("a cue's clip is read in order")
        out[first - begin : past - begin] = self._render(first, past - first)
        self._next = past
        if past == self.past:
            self.close()
        return out

    def _render(self, first: int, count: int) -> Samples:
        if self._stream is None:
            level = self._level()
            crossfade_s, length = LOOP_CROSSFADE_S[self.cue.kind], self.past - self.first
            self._stream = LoopStream(self.sound, self.cue.source_offset_s, crossfade_s, length)
            self._dc = np.array(level.dc, np.float32)
            scale = float(10 ** ((self.cue.gain_db + level.gain_db) / 20))
            self._position = Position(
                Line(self.cue.gain_curve),
                Line(self.cue.pan_curve),
                self._stream.channels,
                scale,
            )
        samples = self._stream.read(count)
        if self._dc.any():
            samples = samples - self._dc
        placed: Samples = samples * self._position.at(first - self._origin, count)
        fade = self._fades.at(first - self.first, count)
        if not isinstance(fade, float):
            placed *= fade[:, None].astype(np.float32)
        return placed

    def close(self) -> None:
        """Closes the sound file and lets go of its samples; the clip itself lives as long as the sheet."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def compose(clips: Sequence[CueClip], total: int, *, block: int = BLOCK) -> Iterator[Floats]:
    """The sum of the clips in blocks [N, 2], `total` samples in all; a clip is done with when it is over."""
    waiting = sorted(clips, key=lambda clip: (clip.first, clip.cue.id), reverse=True)
    playing: list[tuple[int, int, CueClip]] = []
    begun = 0
    try:
        for first in range(0, total, block):
            past = min(first + block, total)
            while waiting and waiting[-1].first < past:
                clip = waiting.pop()
                heapq.heappush(playing, (clip.past, begun, clip))
                begun += 1
            while playing and playing[0][0] <= first:
                heapq.heappop(playing)[2].close()
            if not playing:
                yield np.zeros((past - first, 2))
                continue
            # In the order in which they began, so that the sum is the same whatever the blocks are.
            now = [clip for _, _, clip in sorted(playing, key=lambda entry: entry[1])]
            times_s = np.arange(first, past, dtype=np.float64) / RATE_HZ
            yield CompositeAudioClip(now).to_soundarray(tt=times_s)
    finally:
        for _, _, clip in playing:
            clip.close()
