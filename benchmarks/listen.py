"""Draws what scored clips sound like, beside the prototype's mix of the same cues.

    python benchmarks/listen.py OUT VIDEO [VIDEO ...] [--library DIR ...]

Each video is scored by sonify. The same cue sheet is mixed as the paper's public prototype did it (prototype.py): in
chunks of one second that wrap round, with a step of linear pan and gain at each and 0.5 s linear fades between them,
beds at -5 dB, everything cut off at full scale, the original left out. For each video OUT/NAME.png shows both:
spectrogram, momentary loudness (0.4 s), sample peaks, and what ffmpeg's ebur128 measures. The two mixes lie beside it
to be listened to, and the cue sheet, which is used again when it is there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from measure import FFMPEG
from numpy.typing import NDArray
from prototype import AMBIENCE_DB, CROSSFADE_S, RATE, chunk, faded

from sonify.cues import Cue, CueSheet, Curve
from sonify.errors import SonifyError
from sonify.loudness import GATE_STEPS, STEP_S, Meter, mean_over
from sonify.mix.heard import must_measure
from sonify.pipeline import Session, SoundFinder
from sonify.settings import Settings

Samples = NDArray[np.float32]
LOWEST_DB = -90.0


@dataclass(frozen=True)
class Heard:
    """A finished mix: samples [N, 2] at 48 kHz, and what ffmpeg says of the file."""

    name: str
    samples: Samples
    loudness_lufs: float
    peak_dbtp: float


def read(path: Path, name: str) -> Heard:
    """Any file's first audio."""
    raw = subprocess.run(
        [FFMPEG, "-nostdin", "-v", "error", "-i", str(path), "-map", "0:a:0", "-f", "f32le", "-ac", "2",
         "-ar", str(RATE), "-"], check=True, capture_output=True,
    ).stdout  # fmt: skip
    found = must_measure(path)
    return Heard(name, np.frombuffer(raw, "<f4").reshape(-1, 2), found.loudness_lufs, found.peak_dbtp)


def at(curve: Curve, time_s: float) -> float:
    """A curve's value, 0 where it is empty."""
    return float(np.interp(time_s, [t for t, _ in curve], [v for _, v in curve])) if curve else 0.0


def prototype_mix(sheet: CueSheet, sounds: dict[str, Path]) -> Samples:
    """The sheet's cues as the prototype would have laid them."""
    total = np.zeros((round((sheet.video.duration_s + 2) * RATE), 2), np.float32)
    for cue in sheet.cues:
        source = _sound(sounds[cue.id])
        first, past = round(cue.start_s * RATE), min(round(cue.end_s * RATE), len(total))
        if cue.kind == "ambience":
            total[first:past] += chunk(source, 0, past - first, 0.0, AMBIENCE_DB)
            continue
        for begin in range(first, past, RATE):
            time_s, length = begin / RATE, min(RATE + int(CROSSFADE_S * RATE), len(total) - begin)
            pan, gain_db = at(cue.pan_curve, time_s), at(cue.gain_curve, time_s) + cue.gain_db
            total[begin : begin + length] += faded(chunk(source, begin - first, length, pan, gain_db))
    return np.clip(total[: round(sheet.video.duration_s * RATE)], -1, 1)


def _sound(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    samples = samples[:, [0, -1]]
    return samples if rate == RATE else soxr.resample(samples, rate, RATE)


def draw(mixes: list[Heard], title: str, cues: tuple[Cue, ...], out: Path) -> None:
    """The picture."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt
    from scipy.signal import spectrogram

    length_s = max(len(mix.samples) for mix in mixes) / RATE
    figure, rows = plt.subplots(
        2 + len(mixes), 1, figsize=(14, 3 + 3 * len(mixes)), sharex=True, layout="constrained",
        gridspec_kw={"height_ratios": [0.5, *[1.4] * len(mixes), 1]},
    )  # fmt: skip
    for number, cue in enumerate(cues):
        rows[0].barh(
            number,
            cue.end_s - cue.start_s,
            left=cue.start_s,
            color="tab:green" if cue.kind == "ambience" else "tab:orange",
        )
        rows[0].text(cue.start_s, number, f" {cue.label}", va="center", fontsize=7)
    rows[0].set_yticks([])
    rows[0].set_title(title)
    for mix, row in zip(mixes, rows[1:-1], strict=True):
        mono = mix.samples.mean(axis=1)
        freqs, times_s, power = spectrogram(mono, RATE, nperseg=2048, noverlap=1536)
        db = 10 * np.log10(power + 1e-12)
        row.pcolormesh(times_s, freqs / 1000, db, vmin=LOWEST_DB - 30, vmax=-40, shading="auto", rasterized=True)
        row.set_yscale("symlog", linthresh=1.0)
        row.set_ylim(0.03, 20)
        row.set_ylabel("kHz")
        flat = float((np.abs(mix.samples) >= 0.9999).mean())
        row.set_title(
            f"{mix.name}: {mix.loudness_lufs:.1f} LUFS, {mix.peak_dbtp:.1f} dBTP, {flat:.2%} of the samples cut off",
            fontsize=9,
        )
        meter = Meter(RATE, 2, divisions=1)
        meter.add(mix.samples)
        moments = -0.691 + 10 * np.log10(mean_over(meter.powers, GATE_STEPS) + 1e-9)
        rows[-1].plot(np.arange(len(moments)) * STEP_S + 0.2, moments, label=f"{mix.name}, momentary loudness (LUFS)")
        parts = np.abs(mix.samples[: len(mix.samples) // 4800 * 4800]).reshape(-1, 4800, 2).max(axis=(1, 2))
        rows[-1].plot(
            np.arange(len(parts)) * 0.1,
            20 * np.log10(parts + 1e-6),
            ":",
            lw=1,
            label=f"{mix.name}, sample peak (dBFS)",
        )
    rows[-1].set_ylim(-60, 3)
    rows[-1].set_xlim(0, length_s)
    rows[-1].set_xlabel("s")
    rows[-1].grid(alpha=0.3)
    rows[-1].legend(fontsize=7, ncol=2, loc="lower right")
    figure.savefig(out, dpi=75)
    plt.close(figure)


def main() -> int:
    """Scores, mixes and draws."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("videos", type=Path, nargs="+")
    parser.add_argument("--library", action="append", default=[])
    parser.add_argument("--set", action="append", default=[], dest="sets")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    session = Session(library=given.library or None, settings=Settings.load(sets=given.sets))
    for video in given.videos:
        scored = given.out / f"{video.stem}.sonify{video.suffix}"
        try:
            sheet_file = given.out / f"{video.stem}.cues.json"
            sheet = CueSheet.load(sheet_file) if sheet_file.exists() else session.suggest(video)
            sheet.save(sheet_file, force=True)
            session.render(sheet, scored, force=True)
        except SonifyError as error:
            print(f"{video.name}: {error}", file=sys.stderr)
            continue
        find = SoundFinder(sheet)
        files = {cue.id: find(cue.sound) for cue in sheet.cues}
        with tempfile.TemporaryDirectory() as name:
            wave, film = Path(name) / "prototype.wav", Path(name) / "prototype.mkv"
            soundfile.write(wave, prototype_mix(sheet, files), RATE, subtype="FLOAT")
            subprocess.run([FFMPEG, "-nostdin", "-v", "error", "-i", wave, "-c", "copy", film], check=True)
            before = read(film, "the prototype's mix of the same cues")
        soundfile.write(given.out / f"{video.stem}.prototype.wav", before.samples, RATE, subtype="PCM_24")
        ours = read(scored, "sonify")
        draw([ours, before], video.name, sheet.cues, given.out / f"{video.stem}.png")
        print(f"{video.name}: sonify {ours.loudness_lufs:.1f} LUFS {ours.peak_dbtp:.1f} dBTP, the prototype's mix "
              f"{before.loudness_lufs:.1f} LUFS {before.peak_dbtp:.1f} dBTP", flush=True)  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
