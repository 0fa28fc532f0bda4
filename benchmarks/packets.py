"""Whether pictures, subtitles, chapters, attachments and data come through packet for packet.

    python benchmarks/packets.py FOLDER [--into .mkv]

Each video of a folder is rendered with one sound, into its own container or the one of `--into`, and so are films
made here that hold what few files do. ffmpeg's `framehash` tells the SHA-256 of every packet of the copied streams,
before and after: they must be the same. So must be, within 1 ms, the times of what is shown, counted from the first
frame; chapters; attachments. Subtitles that change their form with `--into`, and H.264 that leaves MPEG-TS, where
packets are framed otherwise, are compared by their number alone. Prints a line for each file, then the sums.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.logging
import numpy as np
import soundfile
from measure import FFMPEG

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, Scene, SoundRef, VideoRef
from sonify.errors import SonifyError
from sonify.mix.render import render_sheet
from sonify.settings import MixSettings
from sonify.video.probe import probe

KINDS = ("video", "subtitle", "data")
TOLERANCE_S = 0.001
NO_TEXT = {hashlib.sha256(bytes(2)).hexdigest()}
"""What MP4 puts between two subtitles."""

SUFFIXES = (".mp4", ".mkv", ".mov", ".avi", ".webm", ".ts", ".m4v", ".flv", ".mpg", ".wmv", ".ogv", ".3gp")


@dataclass
class Copied:
    """What a file holds besides sound; hashes: by kind, of each stream; times_s: of what is shown of it, in order."""

    container: str
    hashes: dict[str, list[list[str]]] = field(default_factory=dict)
    times_s: dict[str, list[list[float]]] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)
    chapters: list[tuple[float, float, str]] = field(default_factory=list)


def copied(path: Path) -> Copied:
    """Reads it, the hashes through ffmpeg's framehash; times count from the first frame shown."""
    found = Copied(path.suffix)
    with av.open(str(path)) as container:
        chapters = container.chapters()
        kinds: dict[int, str] = {}
        for stream in container.streams:
            if stream.type == "attachment":
                found.attached.append(hashlib.sha256(stream.data or b"").hexdigest())
            # Time code and chapter titles are written anew by the muxer itself.
            titled = stream.type == "data" and stream.name == "bin_data" and 0 < len(chapters) == stream.frames
            if stream.type in KINDS and not titled and not (stream.type == "data" and "timecode" in stream.metadata):
                kinds[stream.index] = stream.type
        times: dict[int, list[Fraction]] = {index: [] for index in kinds}
        for packet in container.demux():
            shown = packet.size and packet.pts is not None and not packet.is_discard
            if shown and packet.stream.index in times and not _says_nothing(packet):
                times[packet.stream.index].append(packet.pts * packet.time_base)
    zero = min(
        (t for index, found_s in times.items() if kinds[index] == "video" for t in found_s), default=Fraction(0)
    )
    for index, kind in kinds.items():
        found.hashes.setdefault(kind, []).append(_hashes(path, index))
        found.times_s.setdefault(kind, []).append(sorted(float(t - zero) for t in times[index]))
    found.chapters = [
        (
            float(c["start"] * c["time_base"] - zero),
            float(c["end"] * c["time_base"] - zero),
            c["metadata"].get("title", ""),
        )
        for c in chapters
    ]
    return found


def _says_nothing(packet: av.Packet) -> bool:
    return packet.stream.type == "subtitle" and bytes(packet) == bytes(2)


def _hashes(path: Path, index: int) -> list[str]:
    # Packets before the start of an edit list are there, but the reader would leave them out.
    all_of_it = ["-ignore_editlist", "1"] if path.suffix in (".mp4", ".m4v", ".mov", ".3gp") else []
    command = [FFMPEG, "-nostdin", "-v", "error", "-copyts", *all_of_it, "-i", str(path), "-map", f"0:{index}"]
    command += ["-c", "copy", "-copyinkf", "-copypriorss", "1", "-f", "framehash", "-hash", "sha256", "-"]
    told = subprocess.run(command, capture_output=True, text=True).stdout
    return [line.split(",")[5].strip() for line in told.splitlines() if line and not line.startswith("#")]


def rich_films(folder: Path) -> list[Path]:
    """Films with subtitles, chapters, attachments, covers and several pictures, in three containers."""
    folder.mkdir()
    (folder / "a.srt").write_text(
        "1\n00:00:00,500 --> 00:00:01,500\nHello\n\n2\n00:00:02,000 --> 00:00:03,000\nBye\n"
    )
    (folder / "meta.txt").write_text(
        ";FFMETADATA1\ntitle=A film\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=2000\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=2000\nEND=4000\ntitle=Two\n"
    )
    (folder / "font.ttf").write_bytes(np.random.default_rng(0).bytes(4000))
    picture = ["-f", "lavfi", "-i", "testsrc2=s=96x64:r=24000/1001:d=4", "-f", "lavfi", "-i", "sine=440:d=4"]
    extra = ["-i", str(folder / "a.srt"), "-i", str(folder / "meta.txt")]
    base = ["-map", "0", "-map", "1", "-map", "2", "-map_metadata", "3", "-map_chapters", "3"]
    base += ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "aac"]
    attach = ["-attach", str(folder / "font.ttf"), "-metadata:s:t", "mimetype=application/x-truetype-font"]
    films = {
        "rich.mkv": [*base, "-map", "0", "-map", "2", "-c:s:0", "srt", "-c:s:1", "ass", *attach],
        "rich.mp4": [*base, "-map", "0", "-c:s", "mov_text", "-timecode", "01:00:00:00"],
        "rich.mov": [*base, "-c:s", "mov_text"],
        "rich.ts": ["-map", "0", "-map", "1", "-c:v", "libx264", "-bf", "2", "-preset", "ultrafast", "-c:a", "mp2"],
        "cut.mp4": [*base, "-c:s", "mov_text", "-ss", "0.7"],
    }
    for name, options in films.items():
        command = [FFMPEG, "-nostdin", "-v", "error", "-y", *picture, *extra, *options, str(folder / name)]
        subprocess.run(command, check=True)
    return [folder / name for name in films]


def scored(film: Path, out: Path, folder: Path) -> list[str]:
    """Renders a film with one sound; gives the notes."""
    info, notes = probe(film), []
    soundfile.write(folder / "hit.wav", np.random.default_rng(0).normal(0, 0.1, 24_000), 48_000)
    length_s = float(info.duration_s)
    cue = Cue("c", "effect", "hit", SoundRef("l", "hit.wav"), 0.0, min(0.5, length_s))
    sheet = CueSheet(
        VideoRef(str(film), length_s, str(info.frame_rate), info.width_px, info.height_px, ""),
        ModelRef("none", ""), (LibraryRef("l"),), (Scene(0, length_s),), (cue,),
    )  # fmt: skip
    render_sheet(
        sheet, film, out, sounds=lambda ref: folder / ref.path, settings=MixSettings(profile="film"),
        progress=lambda event: notes.append(event.note) if event.note else None,
    )  # fmt: skip
    return notes


def _near(old_s: list[float], new_s: list[float]) -> bool:
    return all(abs(a - b) <= TOLERANCE_S for a, b in zip(old_s, new_s, strict=False))


def compare(film: Path, out: Path) -> list[str]:
    """What is not the same."""
    before, after = copied(film), copied(out)
    counts = [{kind: len(streams) for kind, streams in one.hashes.items()} for one in (before, after)]
    wrong = [] if counts[0] == counts[1] else [f"streams {counts[0]} became {counts[1]}"]
    for kind, streams in before.hashes.items():
        for number, (old, new) in enumerate(zip(streams, after.hashes.get(kind, []), strict=False)):
            reframed = before.container != after.container and (kind == "subtitle" or before.container == ".ts")
            if reframed:
                old, new = ([""] * sum(h not in NO_TEXT for h in one) for one in (old, new))
            if old != new:
                wrong.append(f"{kind}: other packets ({len(old)} became {len(new)})")
            old_s, new_s = before.times_s[kind][number], after.times_s[kind][number]
            if len(new_s) != len(old_s):
                where = "at the end" if _near(old_s, new_s) else "elsewhere"
                wrong.append(f"{kind}: {len(new_s) - len(old_s)} more shown {where}")
            elif not _near(old_s, new_s):
                wrong.append(
                    f"{kind}: times up to {max(abs(a - b) for a, b in zip(old_s, new_s, strict=True)):.4f} s off"
                )
    if before.attached != after.attached:
        wrong.append(f"{len(before.attached)} attachments became {len(after.attached)}, or others")
    if len(before.chapters) != len(after.chapters) or any(
        old[2] != new[2] or abs(old[0] - new[0]) > TOLERANCE_S or abs(old[1] - new[1]) > 0.05
        for old, new in zip(before.chapters, after.chapters, strict=False)
    ):
        wrong.append(f"chapters {before.chapters} became {after.chapters}")
    return wrong


def _only_more(wrong: list[str]) -> bool:
    """An edit list's end isn't kept: frames after it are shown."""
    return all("more shown at the end" in text for text in wrong)


def main() -> int:
    """Prints the table; 1 if anything differs without a word."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", type=Path, nargs="?", help="a folder of videos besides the films made here")
    parser.add_argument("--into", help="a container for all, such as .mkv; else each its own")
    args = parser.parse_args()
    av.logging.set_level(av.logging.PANIC)
    marks: list[str] = []
    packets = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        films = rich_films(folder / "rich")
        films += sorted(p for p in args.films.iterdir() if p.suffix.lower() in SUFFIXES) if args.films else []
        for number, film in enumerate(films):
            out = folder / f"{number}{args.into or film.suffix}"
            try:
                notes = scored(film, out, folder)
            except SonifyError as error:
                marks.append("refused")
                print(f"refused  {film.name}: {error}", flush=True)
                continue
            wrong, count = (
                compare(film, out),
                sum(len(h) for streams in copied(film).hashes.values() for h in streams),
            )
            packets += count
            told = any("can't carry" in note or "can't hide" in note for note in notes)
            mark = "same" if not wrong else "said" if told else "more" if _only_more(wrong) else "WRONG"
            marks.append(mark)
            print(f"{mark:8} {film.name}: {count} packets {'; '.join([*wrong, *notes])}", flush=True)
            out.unlink()
    print(
        f"{marks.count('same')} the same, {marks.count('said')} with a word about what is different, "
        f"{marks.count('more')} with more shown at the end, {marks.count('WRONG')} wrong, "
        f"{marks.count('refused')} refused"
    )
    print(f"{packets} packets of pictures, subtitles and data")
    return int("WRONG" in marks)


if __name__ == "__main__":
    sys.exit(main())
