"""How well sounds are looped: our joins against the end laid over the start, which needs no search.

    python benchmarks/loops.py FOLDER...    # sounds of 1.5 s and more in them; those in "ambience" as beds

At each join: the largest change of spectrum from one eighth of a second to the next, over the 95th percentile of what
happens within the sound itself; how far the level falls under the 5th percentile of the sound's own; and the largest
step from sample to sample, as a share of the sound's own largest.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.errors import LibraryError
from sonify.mix.joins import crossfade
from sonify.mix.loop_points import Loop, found
from sonify.mix.sources import FrameStream, SoundFile, inspect
from sonify.mix.timeline import LOOP_CROSSFADE_S

Floats = NDArray[np.float64]
LEAST_S = 1.5
AROUND_S = 1.0
LOOK_S, STEP_S, SMOOTH = 0.05, 0.025, 5


def spectra_db(wave: Floats, rate_hz: int) -> Floats:
    """Power in 16 bands, every 25 ms [N, 16]."""
    size, step = round(LOOK_S * rate_hz), round(STEP_S * rate_hz)
    frames = np.lib.stride_tricks.sliding_window_view(wave, size)[::step] * np.hanning(size)
    power = np.square(np.abs(np.fft.rfft(frames, axis=1))) / size**2
    places = np.searchsorted(np.fft.rfftfreq(size, 1 / rate_hz), np.geomspace(50, min(16_000, rate_hz / 2), 17))
    sums = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)[:, places]
    return np.asarray(10 * np.log10(np.maximum(np.diff(sums, axis=1), 1e-9)))


def changes_db(spectra: Floats) -> Floats:
    """From each eighth of a second to the next: the mean over the bands."""
    sums = np.cumsum(np.concatenate([np.zeros((1, spectra.shape[1])), spectra]), axis=0)
    smooth = (sums[SMOOTH:] - sums[:-SMOOTH]) / SMOOTH
    return np.asarray(np.abs(smooth[SMOOTH:] - smooth[:-SMOOTH]).mean(axis=1))


def levels_db(spectra: Floats) -> Floats:
    """The level of each look."""
    return np.asarray(10 * np.log10(np.power(10, spectra / 10).sum(axis=1)))


def judged(wave: Floats, rate_hz: int, loop: Loop) -> tuple[float, float, float]:
    """(change over the sound's own in dB, fall under the sound's own in dB, step over the sound's own)."""
    around = round(AROUND_S * rate_hz)
    old, new = wave[loop.end - loop.overlap : loop.end], wave[loop.start - loop.overlap : loop.start]
    joined = crossfade(old[:, None].astype(np.float32), new[:, None].astype(np.float32))[:, 0]
    before, after = (
        wave[max(0, loop.end - loop.overlap - around) : loop.end - loop.overlap],
        wave[loop.start :][:around],
    )
    own = spectra_db(wave, rate_hz)
    made = np.concatenate([before, joined, after])
    across = spectra_db(made, rate_hz)
    change = changes_db(across).max() - np.percentile(changes_db(own), 95)
    first = round(len(before) / rate_hz / STEP_S)
    near = levels_db(across)[max(0, first - 4) : first + round(loop.overlap / rate_hz / STEP_S) + 4]
    step = np.abs(np.diff(made)).max() / max(float(np.abs(np.diff(wave)).max()), 1e-12)
    return float(change), float(np.percentile(levels_db(own), 5) - near.min()), float(step)


def main() -> None:
    """Prints a line a sound, and what they come to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1, help="only every so many sounds")
    given = parser.parse_args()
    files = sorted(f for folder in given.folders for f in folder.rglob("*") if f.suffix in (".ogg", ".wav", ".flac"))
    rows: list[tuple[float, ...]] = []
    for file in files[:: given.every]:
        try:
            sound = inspect(file)
        except LibraryError:
            continue
        if not LEAST_S <= sound.duration_s <= 120:
            continue
        kind = "ambience" if "ambience" in file.parts else "effect"
        overlap = round(LOOP_CROSSFADE_S[kind] * sound.rate_hz)
        rows.append(judged_twice(sound, overlap))
        print(f"{file.name:36s} " + "  ".join(f"{value:6.2f}" for value in rows[-1]))
    table = np.array(rows)
    print(f"\n{len(rows)} sounds            end over start      searched")
    for what, value in (
        ("change, mean, dB", table[:, [0, 3]].mean(axis=0)),
        ("change over 3 dB, %", 100 * (table[:, [0, 3]] > 3).mean(axis=0)),
        ("fall, mean, dB", table[:, [1, 4]].mean(axis=0)),
        ("fall over 3 dB, %", 100 * (table[:, [1, 4]] > 3).mean(axis=0)),
        ("largest step, share", table[:, [2, 5]].max(axis=0)),
    ):
        print(f"{what:24s} {value[0]:12.2f} {value[1]:14.2f}")


def judged_twice(sound: SoundFile, overlap: int) -> tuple[float, ...]:
    """judged() of the end over the start, and of what the search finds."""
    wave = FrameStream(sound).read(sound.frames).astype(np.float64).mean(axis=1)
    plain = min(overlap, sound.frames // 4)
    return (
        *judged(wave, sound.rate_hz, Loop(plain, sound.frames, plain)),
        *judged(wave, sound.rate_hz, found(sound, overlap)),
    )


if __name__ == "__main__":
    main()
