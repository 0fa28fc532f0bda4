"""How long a library takes: the first scan, a scan with nothing new against os.walk with stat, memory, and kills.

    python benchmarks/library_scan.py --files 100000 --kills 20

Makes the sounds itself, in a temporary folder: tiny WAVs under names as libraries have them. Each scan runs in a
process of its own; the walk and the second scan take turns in one process, so that both find the same disk cache.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Prefixes of the Universal Category System, as in ANMLDog_...
_CATEGORIES = """
    ANMLDog ANMLCat ANMLHors BIRDSong DOORWood DOORMetl WATRWave WATRDrip RAINVege RAINMetl WINDGust GLASBrk METLImpt
    WOODBrk GUNRif VEHCar VEHBike AIRHeli FIREBurn CRWDCheer AMBForst AMBUrbn FOLYFeet WHSH UIClick BELLAnmal
"""
CATEGORIES = tuple(_CATEGORIES.split())
_THINGS = """
    dog bark;small terrier angry;glass breaking heavy;rain on tin roof;wooden door slam;city street night;
    footsteps gravel;church bells;car pass by;helicopter close;waves on pebbles;crowd cheering stadium;
    typing on keyboard;campfire crackle;whoosh fast;button click;horse gallop;thunder distant;wind in trees;
    train station
"""
THINGS = tuple(thing.strip() for thing in _THINGS.split(";"))
VENDORS = ("SFXKit", "NorthSound", "OpenField", "Loft9", "TapeRoom")
RECORDISTS = ("JSmith", "AKowalska", "mlopez", "T.Ito", "field_mouse")


def name(chance: random.Random, number: int) -> str:
    """The path of one sound: half of them UCS, the rest as people call files. The number makes it unique."""
    thing, vendor, author = chance.choice(THINGS), chance.choice(VENDORS), chance.choice(RECORDISTS)
    kind = number % 10
    if kind < 5:
        file = f"{chance.choice(CATEGORIES)}_{thing.title()} {number:06}_{author}_{vendor}"
    elif kind < 7:
        file = f"{thing.replace(' ', '_')}_{number:06}"
    elif kind < 8:
        file = f"{300000 + number}__{author}__{thing.replace(' ', '-')}"
    elif kind < 9:
        file = f"{''.join(word.title() for word in thing.split())}{number:06} take {number % 7}"
    else:
        file = f"{vendor} {number // 100:04}-{number % 100:02} {thing}, exterior"
    # Forty in a folder, twenty folders in a pack.
    pack = number // 800
    return f"{VENDORS[pack % 5]} {pack // 5:02}/{THINGS[number // 40 % 20].title()} {pack % 5}/{file}.wav"


def make(folder: Path, number: int) -> None:
    """Writes that many sounds: 16-bit mono of 8 kHz, 60 ms, no two alike."""
    chance = random.Random(2024)
    frames = 480
    head = b"RIFF" + struct.pack("<I", 36 + 2 * frames) + b"WAVEfmt "
    head += struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" + struct.pack("<I", 2 * frames)
    made: set[Path] = set()
    for index in range(number):
        file = folder / name(chance, index)
        if file.parent not in made:
            file.parent.mkdir(parents=True, exist_ok=True)
            made.add(file.parent)
        file.write_bytes(head + chance.randbytes(2 * frames))


FIRST = """
import json, resource, sys, time
from sonify.library.scan import scan
start = time.perf_counter()
catalog = scan([sys.argv[1]], measured=len(sys.argv) > 2)
print(json.dumps({"s": time.perf_counter() - start, "sounds": len(catalog.sounds), "labels": len(catalog.labels),
                  "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
AGAIN = """
import json, os, resource, sys, time
from sonify.library.scan import scan
root = sys.argv[1]
def walk():
    for folder, _, names in os.walk(root):
        for name in names:
            os.stat(os.path.join(folder, name))
walks, scans, walks_cpu, scans_cpu = [], [], [], []
for _ in range(5):
    for work, times, cpu in ((walk, walks, walks_cpu), (lambda: scan([root]), scans, scans_cpu)):
        start, start_cpu = time.perf_counter(), time.process_time()
        work()
        times.append(time.perf_counter() - start)
        cpu.append(time.process_time() - start_cpu)
print(json.dumps({"walk_s": walks, "scan_s": scans, "walk_cpu_s": walks_cpu, "scan_cpu_s": scans_cpu,
                  "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def child(code: str, folder: Path, cache: Path, *more: str) -> dict[str, object]:
    """What the code prints, run with a cache of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), *more],
        env={**os.environ, "SONIFY_CACHE_DIR": str(cache)},
        check=True,
        capture_output=True,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def rows(cache: Path) -> list[tuple[object, ...]]:
    """All that the catalogue says of its sounds; raises when it is damaged."""
    (path,) = cache.glob("libraries/*/catalog.sqlite")
    database = sqlite3.connect(path)
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        return database.execute(
            "SELECT s.path, s.size_bytes, s.mtime_ns, s.labels, p.text, s.kind, s.author, s.problem"
            " FROM sound s JOIN phrases p ON p.id = s.phrases_id ORDER BY s.path"
        ).fetchall()
    finally:
        database.close()


def kills(folder: Path, work: Path, number: int, whole_s: float, wanted: list[tuple[object, ...]]) -> None:
    """Kills a scan at random moments, each time where the last one left off, and compares what comes out at last."""
    chance = random.Random(7)
    cache = work / "killed"
    found = []
    for _ in range(number):
        process = subprocess.Popen(
            [sys.executable, "-c", FIRST, str(folder)],
            env={**os.environ, "SONIFY_CACHE_DIR": str(cache)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.2, 0.4 + 2 * whole_s / number))
        process.send_signal(signal.SIGKILL)
        process.wait()
        found.append(len(rows(cache)) if list(cache.glob("libraries/*/catalog.sqlite")) else 0)
    child(FIRST, folder, cache)
    same = rows(cache) == wanted
    print(f"killed {number} times, sounds known after each: {found}; whole each time; the same at last: {same}")
    if not same or found != sorted(found):
        raise SystemExit("a killed scan lost something")


def one(number: int, work: Path, *, number_of_kills: int, measured: bool) -> float:
    """Everything for a library of that many sounds; returns the peak memory of the second scan in MiB."""
    folder, cache = work / f"sfx-{number}", work / f"cache-{number}"
    make(folder, number)
    first = child(FIRST, folder, cache)
    print(
        f"{number:,} files: first scan {first['s']:.1f} s ({number / float(str(first['s'])):,.0f}/s), "
        f"{first['labels']:,} labels, peak {first['peak_mib']:.0f} MiB"
    )
    again = child(AGAIN, folder, cache)
    names = ("walk_s", "scan_s", "walk_cpu_s", "scan_cpu_s")
    walk_s, scan_s, walk_cpu_s, scan_cpu_s = (statistics.median(again[name]) for name in names)  # type: ignore[call-overload]
    print(
        f"{number:,} files: os.walk and stat {walk_s:.3f} s, scan with nothing new {scan_s:.3f} s, "
        f"ratio {scan_s / walk_s:.2f}, of processor time {scan_cpu_s / walk_cpu_s:.2f} (medians of 5), "
        f"peak {again['peak_mib']:.0f} MiB"
    )
    if measured:
        slow = child(FIRST, folder, cache, "measured")
        print(f"{number:,} files: measured in {slow['s']:.1f} s ({number / float(str(slow['s'])):,.0f}/s)")
    if number_of_kills:
        kills(folder, work, number_of_kills, float(str(first["s"])), rows(cache))
    shutil.rmtree(folder)
    return float(str(again["peak_mib"]))


def main() -> None:
    """Reads the options and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--measured", action="store_true", help="measure all samples too, which takes long")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sonify-scan-") as name:
        work = Path(name)
        small = one(max(1, options.files // 10), work, number_of_kills=0, measured=False)
        large = one(options.files, work, number_of_kills=options.kills, measured=options.measured)
        print(f"peak memory of the second scan, ten times the files: {large / small:.2f} times")


if __name__ == "__main__":
    main()
