"""Where the sound begins and ends within its file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Only so much of a sound's beginning is looked at: whoever waits longer for a sound means the silence.
LOOKED_AT_S = 10.0
# 40 dB under the loudest part, tails of rooms and noise of recorders are let go, attacks are not.
TOP_DB = 40.0
# A digital silence has no loudest part; -60 dBFS is under the noise of nearly every recording.
SILENT_PEAK = 1e-3
FRAME_S = 0.010
HOP_S = 0.002
# The attack itself begins before it can be measured.
KEEP_S = 0.010


def lead_s(envelope: NDArray[np.float32], rate_hz: int) -> float:
    """How many seconds of silence stand before the sound; 0 when it is silent altogether, or begins at once.

    envelope: the loudest channel at each moment [N], of the first 10 s. At least 5 ms before the attack are kept.
    """
    if envelope.size == 0 or float(envelope.max()) < SILENT_PEAK:
        return 0.0
    frame, hop = max(2, round(FRAME_S * rate_hz)), max(1, round(HOP_S * rate_hz))
    # Frames are centred, as librosa.effects.trim has them, so the first loud one begins half a frame before.
    sums = np.concatenate([[0.0], np.cumsum(np.square(envelope, dtype=np.float64))])
    centres = np.arange(0, len(envelope) + 1, hop)
    power = sums[np.clip(centres + frame // 2, 0, len(envelope))] - sums[np.clip(centres - frame // 2, 0, None)]
    loud = np.flatnonzero(power > power.max() * 10 ** (-TOP_DB / 10))
    return max(0.0, (int(loud[0]) * hop - frame // 2) / rate_hz - KEEP_S)


class Ends:
    """Feed it samples [C, N] in order, then ask for the silence at both ends.

    The end is that of the last 10 ms within 40 dB of the loudest 10 ms of the whole sound.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._frame = max(1, round(FRAME_S * rate_hz))
        self._head: list[NDArray[np.float32]] = []
        self._head_frames = 0
        self._rest = np.zeros(0, np.float32)
        self._powers: list[NDArray[np.float32]] = []
        self._peak = 0.0
        self._frames = 0

    def feed(self, block: NDArray[np.float32]) -> None:
        """The next samples, all finite."""
        # The loudest of the channels at each moment: opposite channels must not cancel out.
        envelope = np.abs(block).max(axis=0)
        wanted = int(LOOKED_AT_S * self._rate_hz) - self._head_frames
        if wanted > 0:
            self._head.append(envelope[:wanted])
            self._head_frames += len(self._head[-1])
        self._peak = max(self._peak, float(envelope.max(initial=0.0)))
        self._frames += len(envelope)
        joined = np.concatenate([self._rest, envelope])
        whole = len(joined) // self._frame * self._frame
        self._powers.append(np.square(joined[:whole]).reshape(-1, self._frame).mean(axis=1))
        self._rest = joined[whole:]

    def result(self) -> tuple[float, float]:
        """(lead_s, tail_s); both 0 when it is silent altogether."""
        if self._peak < SILENT_PEAK:
            return 0.0, 0.0
        lead = lead_s(np.concatenate(self._head), self._rate_hz)
        if len(self._rest):
            self._powers.append(np.square(self._rest).mean(keepdims=True))
        least = max(float(powers.max()) for powers in self._powers if len(powers)) * 10 ** (-TOP_DB / 10)
        after = 0
        for powers in reversed(self._powers):
            loud = np.flatnonzero(powers > least)
            if len(loud):
                after += len(powers) - 1 - int(loud[-1])
                break
            after += len(powers)
        frames = sum(map(len, self._powers)) - after
        return lead, max(0.0, (self._frames - frames * self._frame) / self._rate_hz - KEEP_S)
