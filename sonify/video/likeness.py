"""Whether two small grey pictures show the same place, in whatever light and wherever the camera has turned.

Each picture is brought to one local contrast, so that neither a flash nor lights that go down change it; then the
shift is found at which the two correlate best where they overlap (masked normalised correlation by way of Fourier
transforms: D. Padfield, "Masked object registration in the Fourier domain", IEEE TIP 2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Spectrum = NDArray[np.complex64]

# Measured on films made by code and on real clips cut together: docs/presence.md.
_NEAR_PX = 3.0  # what is around a pixel, for its local contrast
_NOISE = 4.0  # grey values of local contrast that may be noise: it isn't amplified
_EMPTY = 0.4  # mean square of local contrasts, in units of itself and noise, below which a picture is empty
_FINE_PX, _BROAD_PX = 0.7, 5.0  # what blends keep: no aliasing, no light
_OVERLAP = 0.4  # share of the picture that must overlap
_ASIDE, _ABOVE = 0.45, 0.25  # shifts that are looked at, as shares of width and height
_NEARER = (1.08, 1.17, 1.27, 1.38, 1.5)  # times that a zoom may make things larger between two pictures
_BAR = 24.0  # grey value up to which a flat row or column at the border is a black bar


@dataclass(frozen=True)
class Shift:
    """The best one: how alike the pictures are then (-1..1), and pixels that the first has moved by in the second."""

    alike: float
    down: int
    right: int


class Look:
    """A picture float32 [h, w] and what is made of it for comparisons, each once and only when asked for."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    @cached_property
    def spectra(self) -> tuple[Spectrum, Spectrum]:
        """Of the picture at one local contrast, and of its square."""
        shapes = _one_contrast(self.picture)
        field = _field(*shapes.shape)
        return field.transformed(shapes), field.transformed(shapes * shapes)

    @cached_property
    def empty(self) -> bool:
        """Whether there is hardly more in it than noise."""
        return float((_one_contrast(self.picture) ** 2).mean()) < _EMPTY

    @cached_property
    def lines(self) -> Picture:
        """The picture without its broad light; unlike one of local contrast it still adds up in a blend."""
        from scipy.ndimage import gaussian_filter

        fine = gaussian_filter(without_bars(self.picture)[0], _FINE_PX)
        return np.asarray(fine - gaussian_filter(fine, _BROAD_PX), np.float32)


def shift(one: Look, other: Look) -> Shift:
    """Where `one` is found in `other`."""
    return _field(*one.picture.shape).shift(one.spectra, other.spectra)


def alike(one: Look, other: Look) -> float:
    """1 for the same place, about .2 for two that have nothing in common."""
    return shift(one, other).alike


def zoomed_alike(one: Look, other: Look) -> float:
    """The same, when one of them may have been seen from nearer as well."""
    return max(alike(_nearer(a, times), b) for a, b in ((one, other), (other, one)) for times in _NEARER)


def difference(one: Look, other: Look) -> float:
    """Mean absolute difference in grey values: cheap, and blind to what has only moved."""
    return float(np.abs(one.picture - other.picture).mean())


def _nearer(look: Look, times: float) -> Look:
    """The middle of the picture, so many times as large."""
    from scipy.ndimage import zoom

    height, width = look.picture.shape
    rows, columns = max(1, round(height / times)), max(1, round(width / times))
    top, left = (height - rows) // 2, (width - columns) // 2
    middle = look.picture[top : top + rows, left : left + columns]
    return Look(np.asarray(zoom(middle, (height / rows, width / columns), order=1), np.float32))


class _Field:
    """All that correlations of pictures of one size have in common."""

    def __init__(self, height: int, width: int) -> None:
        from scipy.fft import next_fast_len

        self.down, self.right = int(height * _ABOVE), int(width * _ASIDE)
        self.size = (next_fast_len(height + self.down + 1, True), next_fast_len(width + self.right + 1, True))
        self.ones = self.transformed(np.ones((height, width), np.float32))
        self.count = np.maximum(self._correlated(self.ones, self.ones), 1)
        self.enough = self.count >= _OVERLAP * height * width

    def transformed(self, picture: Picture) -> Spectrum:
        from scipy.fft import rfft2

        return np.asarray(rfft2(picture, self.size))

    def shift(self, one: tuple[Spectrum, Spectrum], other: tuple[Spectrum, Spectrum]) -> Shift:
        sum_one, sum_other = self._correlated(one[0], self.ones), self._correlated(self.ones, other[0])
        power_one = self._correlated(one[1], self.ones) - sum_one**2 / self.count
        power_other = self._correlated(self.ones, other[1]) - sum_other**2 / self.count
        both = self._correlated(one[0], other[0]) - sum_one * sum_other / self.count
        least = 1e-3 * self.count
        score = both / np.sqrt(np.maximum(power_one, least) * np.maximum(power_other, least))
        score = np.where(self.enough, score, -1)
        row, column = divmod(int(score.argmax()), score.shape[1])
        return Shift(float(score[row, column]), row - self.down, column - self.right)

    def _correlated(self, one: Spectrum, other: Spectrum) -> Picture:
        from scipy.fft import irfft2

        everywhere = np.roll(irfft2(np.conj(one) * other, self.size), (self.down, self.right), (0, 1))
        return np.asarray(everywhere[: 2 * self.down + 1, : 2 * self.right + 1], np.float32)


@lru_cache(maxsize=4)
def _field(height: int, width: int) -> _Field:
    return _Field(height, width)


def _one_contrast(picture: Picture) -> Picture:
    """Each pixel's difference from what is around it, in units of the contrast there; 0 in black bars."""
    from scipy.ndimage import gaussian_filter

    whole, bars = without_bars(picture)
    rise = whole - gaussian_filter(whole, _NEAR_PX)
    contrast = np.sqrt(gaussian_filter(rise * rise, _NEAR_PX) + _NOISE**2)
    return np.asarray(np.where(bars, 0, rise / contrast), np.float32)


def without_bars(picture: Picture) -> tuple[Picture, NDArray[np.bool_]]:
    """A grey picture with black bars filled from its border, and where they are: their edges are in every picture."""
    inside = picture.max(axis=1) > _BAR, picture.max(axis=0) > _BAR
    bars = np.zeros(picture.shape, np.bool_)
    if not inside[0].any():
        return picture, bars
    (top, bottom), (left, right) = ((int(at[0]), int(at[-1])) for at in map(np.flatnonzero, inside))
    if (top, left) == (0, 0) and (bottom + 1, right + 1) == picture.shape:
        return picture, bars
    bars[:] = True
    bars[top : bottom + 1, left : right + 1] = False
    rows = np.clip(np.arange(picture.shape[0]), top, bottom)
    columns = np.clip(np.arange(picture.shape[1]), left, right)
    return picture[np.ix_(rows, columns)], bars
