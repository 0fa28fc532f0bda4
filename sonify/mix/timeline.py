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

from sonify.cues import Cue, Distance
from sonify.mix.distance import Distant
from sonify.mix.levels import Level
from sonify.mix.loops import LoopStream
from sonify.mix.sources import RATE_HZ, Samples, SoundFile, Source
from sonify.mix.spatial import Fades, Floats, Line, Position

BLOCK = 2 * RATE_HZ
"""Samples that are mixed at a time."""

LOOP_CROSSFADE_S = {"effect": 0.1, "ambience": 1.0}
"""How long a sound's end lies over its start when it loops."""

_SOFT_EDGE_S = 0.003
"""The shortest fade where a sound is cut in the middle, against clicks."""

_ATTACK_WITHIN_S = 0.5
_ATTACK_DB = 20.0
_ATTACK_STEP_S = 0.001


def sample_at(time_s: float | Fraction) -> int:
    """The sample at which a time of the cue sheet lies."""
    return round(Fraction(time_s) * RATE_HZ)


class CueClip(AudioClip):  # type: ignore[misc]
    """One cue as a clip of moviepy, to be read from its first sample to its last.

    first, end: its place in samples of the timeline, on which `origin` is the video's first frame. `level`
    is called when the clip begins, and may raise LibraryError. distance: of effects that say nothing of it.
    """

    def __init__(
        self,
        cue: Cue,
        sound: SoundFile,
        level: Callable[[], Level],
        *,
        origin: int,
        end: int,
        distance: Distance = "none",
    ) -> None:
        Clip.__init__(self)
        self.cue, self.sound = cue, sound
        self.first = origin + sample_at(cue.start_s)
        self.past = max(self.first + 1, min(origin + sample_at(cue.end_s), end))
        self.fps, self.nchannels = RATE_HZ, 2
        self.start, self.end = self.first / RATE_HZ, self.past / RATE_HZ
        self.duration = self.end - self.start
        self.frame_function = self._at
        self._distance = cue.distance or (distance if cue.kind == "effect" else "none")
        self._origin = origin
        self._level = level
        self._stream: Source | None = None
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
            self._stream = self._begun()
        placed: Samples = self._stream.read(count) * self._position.at(first - self._origin, count)
        fade = self._fades.at(first - self.first, count)
        if not isinstance(fade, float):
            placed *= fade[:, None].astype(np.float32)
        return placed

    def _begun(self) -> Source:
        cue, level, length = self.cue, self._level(), self.past - self.first
        sound = LoopStream(
            self.sound,
            cue.source_offset_s,
            LOOP_CROSSFADE_S[cue.kind],
            length,
            loop_s=cue.loop,
            speed=cue.speed,
            dc=level.dc,
        )
        self._fades = self._faded(sound, length)
        stream: Source = sound if self._distance == "none" else Distant(sound, self._distance)
        scale = float(10 ** ((cue.gain_db + level.gain_db) / 20))
        self._position = Position(Line(cue.gain_curve), Line(cue.pan_curve), stream.channels, scale)
        return stream

    def _faded(self, sound: LoopStream, length: int) -> Fades:
        cue = self.cue
        offset_s = cue.source_offset_s % self.sound.duration_s
        stops_inside = offset_s + length * cue.speed / RATE_HZ != self.sound.duration_s
        fade_in = sample_at(max(cue.fade_in_s, _SOFT_EDGE_S if offset_s > 0 else 0.0))
        if fade_in and cue.evidence is not None and cue.evidence.timing in ("event", "rhythm"):
            fade_in = min(fade_in, attack(sound.peek(min(length, sample_at(_ATTACK_WITHIN_S)))))
        return Fades(length, fade_in, sample_at(max(cue.fade_out_s, _SOFT_EDGE_S if stops_inside else 0.0)))

    def close(self) -> None:
        """Closes the sound file and lets go of its samples; the clip itself lives as long as the sheet."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def attack(samples: Samples) -> int:
    """How many samples there are before the sound [N, C] comes within 20 dB of its loudest millisecond."""
    step = sample_at(_ATTACK_STEP_S)
    count = len(samples) // step
    if not count:
        return 0
    loudest = np.abs(samples[: count * step]).reshape(count, -1).max(axis=1)
    return int(np.argmax(loudest >= loudest.max() * 10 ** (-_ATTACK_DB / 20))) * step


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
