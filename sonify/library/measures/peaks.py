"""True peak, clipping and offset, from blocks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Interpolation as for a true-peak meter (ITU-R BS.1770-4, annex 2): to at least 4 x 48 kHz, 12 taps to a point.
_MEANT_HZ = 4 * 44_100
_TAPS = 12
_CHUNK = 512
CLIPPED_RUN = 3


class Peaks:
    """Feed it samples [C, N] in order, then ask for `true_peak_dbtp`, `clipped_share` and `dc`."""

    def __init__(self, rate_hz: int, channels: int, full_scale: float) -> None:
        """full_scale: from which level on a sample counts as at full scale."""
        self._full_scale = full_scale
        self._points = between(rate_hz)
        self._reach = float(np.abs(self._points).sum(axis=0).max()) if self._points.size else 0.0
        self._before = np.zeros((channels, _TAPS), np.float32)
        self._run = np.zeros((channels, CLIPPED_RUN - 1), bool)
        self._peak = 0.0
        self._sum = np.zeros(channels)
        self._clipped = 0
        self._samples = 0

    def feed(self, block: NDArray[np.float32]) -> None:
        """The next samples, all finite."""
        level = max(float(block.max()), -float(block.min()))
        self._peak = max(self._peak, level)
        self._sum += block.sum(axis=1, dtype=np.float64)
        self._samples += block.size
        self._interpolate(block)
        self._count_clipped(block, level)

    def result(self) -> tuple[float | None, float, float]:
        """(true_peak_dbtp, clipped_share, dc): None for a digital silence; dc is the worst channel's mean."""
        self._interpolate(np.zeros((len(self._before), _TAPS), np.float32))
        if not self._samples:
            return None, 0.0, 0.0
        means = self._sum / (self._samples / len(self._sum))
        dc = float(means[np.argmax(np.abs(means))])
        peak = 20 * float(np.log10(self._peak)) if self._peak > 0 else None
        return peak, self._clipped / self._samples, dc

    def _interpolate(self, block: NDArray[np.float32]) -> None:
        if not self._points.size:
            return
        joined = np.concatenate([self._before, block], axis=1)
        self._before = joined[:, -_TAPS:]
        for wave in joined:
            self._between(wave)

    def _between(self, wave: NDArray[np.float32]) -> None:
        """The largest value between samples; where the samples are too small to reach the peak, it isn't sought."""
        chunks = -(-(len(wave) - _TAPS + 1) // _CHUNK)
        padded = np.zeros(chunks * _CHUNK + _TAPS - 1, np.float32)
        padded[: len(wave)] = wave
        rows = np.lib.stride_tricks.as_strided(
            padded, (chunks, _CHUNK + _TAPS - 1), (padded.strides[0] * _CHUNK, padded.strides[0]), writeable=False
        )
        reach = np.abs(rows).max(axis=1) * self._reach
        # The loudest first: after it, most others can't be louder.
        first = np.argsort(-reach, kind="stable")[:8]
        self._look(rows[first[reach[first] > self._peak]])
        reach[first] = 0.0
        self._look(rows[reach > self._peak])

    def _look(self, rows: NDArray[np.float32]) -> None:
        if len(rows):
            windows = np.lib.stride_tricks.sliding_window_view(rows, _TAPS, axis=1)
            self._peak = max(self._peak, float(np.abs(windows @ self._points).max()))

    def _count_clipped(self, block: NDArray[np.float32], level: float) -> None:
        """Counts samples in runs of three and more; a run across two blocks counts from where it is three long."""
        if level < self._full_scale and not self._run.any():
            self._run = np.zeros_like(self._run)
            return
        full = np.concatenate([self._run, np.abs(block) >= self._full_scale], axis=1)
        length = full.shape[1] - CLIPPED_RUN + 1
        runs = np.logical_and.reduce([full[:, at : at + length] for at in range(CLIPPED_RUN)])
        inside = np.zeros_like(full)
        for at in range(CLIPPED_RUN):
            inside[:, at : at + length] |= runs
        self._clipped += int(inside[:, CLIPPED_RUN - 1 :].sum())
        self._run = full[:, -(CLIPPED_RUN - 1) :]


def between(rate_hz: int) -> NDArray[np.float32]:
    """Windowed sincs [12, points] for the points between two samples; no point from 176.4 kHz on."""
    times = int(np.ceil(_MEANT_HZ / rate_hz)) if rate_hz >= 44_100 else 4
    at = np.arange(1, times) / times
    offset = np.arange(_TAPS)[:, None] - (_TAPS // 2 - 1) - at[None, :]
    taps = np.sinc(offset) * np.cos(np.pi * offset / (_TAPS + 1)) ** 2
    return (
        np.asarray(taps / taps.sum(axis=0, keepdims=True), np.float32) if times > 1 else np.zeros((0, 0), np.float32)
    )
