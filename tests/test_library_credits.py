"""The credits of a video: who is named, what is said where nobody knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sonify.cues import Cue, CueSheet, LibraryRef, ModelRef, SoundRef, VideoRef
from sonify.library.records import SoundLabel, SoundRecord, Tags
from sonify.library.rights import credits


def sheet(*sounds: SoundRef, video: str = "/films/holiday.mp4") -> CueSheet:
    cues = tuple(
        Cue(f"c{number}", "effect", "a sound", sound, float(number), number + 0.5)
        for number, sound in enumerate(sounds)
    )
    names = dict.fromkeys(["starter", *(sound.library for sound in sounds)])
    return CueSheet(
        VideoRef(video, 60.0, "24", 640, 360, "f" * 16),
        ModelRef("sonify-mini", "0" * 16),
        tuple(LibraryRef(name) for name in names),
        (),
        cues,
    )


def record(path: str, licence: str = "", *, title: str = "", author: str = "", source_url: str = "") -> SoundRecord:
    return SoundRecord(
        path=path,
        size_bytes=1,
        mtime_ns=1,
        content_hash="",
        duration_s=1.0,
        sample_rate_hz=48_000,
        channels=1,
        labels=(SoundLabel("a sound", "name", 0.5),),
        phrases=(),
        kind="effect",
        category="",
        licence=licence,
        author=author,
        source_url=source_url,
        description="",
        title=title,
        tags=Tags(),
        measures=None,
        problem="",
    )


def nowhere(sound: SoundRef) -> None:
    return None


BARK = SoundRef("sfx", "dogs/bark.wav", "CC-BY-4.0", "Rex barks", "Jo Smith", "https://example.org/1")
RAIN = SoundRef("sfx", "rain.wav", "CC-BY-NC-SA-3.0", author="Li")
WIND = SoundRef("starter", "wind.ogg", "CC0-1.0", author="sonify contributors")
DOOR = SoundRef("sfx", "door.wav", "CC-BY-4.0")
HORN = SoundRef("sfx", "horn.wav")
SAW = SoundRef("sfx", "saw.wav", "LicenseRef-all-rights-reserved", author="Studio")
CAT = SoundRef("sfx", "cat.wav", "CC-BY-ND-2.5", author="Ada")

GOLDEN = """Sounds in holiday.mp4, cut, looped and mixed to its picture:

CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)
- door.wav (author not known: ask before you publish)
- Rex barks by Jo Smith https://example.org/1

CC BY-NC-SA 3.0 (https://creativecommons.org/licenses/by-nc-sa/3.0/); not for commercial use; share the video under \
the same licence
- rain.wav by Li

CC BY-ND 2.5 (https://creativecommons.org/licenses/by-nd/2.5/); a sound set to pictures is an adaptation, which may \
not be shared: ask before you publish
- cat.wav by Ada

Licence not known: ask before you publish
- horn.wav (author not known: ask before you publish)

all rights reserved; not free to use as it stands: ask before you publish
- saw.wav by Studio

CC0 1.0 (https://creativecommons.org/publicdomain/zero/1.0/)
- wind.ogg by sonify contributors
"""


def test_the_text(tmp_path: Path) -> None:
    sounds = [BARK, RAIN, WIND, DOOR, HORN, SAW, CAT]
    assert credits.text(sheet(*sounds), nowhere) == GOLDEN
    assert credits.text(sheet(*reversed(sounds), *sounds), nowhere) == GOLDEN
    file = tmp_path / "x.credits.txt"
    file.write_text(GOLDEN)
    assert credits.is_ours(file)
    file.write_text("Sounds in my film: thanks to all\n")
    assert not credits.is_ours(file) and not credits.is_ours(tmp_path / "none.txt")


def test_no_sounds_no_credits() -> None:
    assert credits.text(sheet(), nowhere) == "Sounds in holiday.mp4: none.\n"
    assert not credits.needed(credits.credits(sheet(), nowhere))


@pytest.mark.parametrize(("sound", "needed"), [(BARK, True), (WIND, False), (HORN, False), (SAW, True)])
def test_when_credits_are_needed(sound: SoundRef, needed: bool) -> None:
    assert credits.needed(credits.credits(sheet(sound), nowhere)) == needed
    assert credits.needed(credits.credits(sheet(WIND, sound), nowhere)) == needed


def test_what_the_library_says_now_counts() -> None:
    claim = replace(BARK, licence="CC0-1.0", author="Nobody")
    now = record("dogs/bark.wav", "CC-BY-NC-4.0", author="Jo", title="Bark")
    assert credits.credits(sheet(claim), lambda sound: now) == (
        credits.Credit("sfx", "dogs/bark.wav", "Bark", "Jo", "", "CC-BY-NC-4.0"),
    )
    unknown = credits.credits(sheet(claim), lambda sound: record("dogs/bark.wav"))
    assert unknown[0].licence == unknown[0].author == "" and unknown[0].needed


def test_takes_of_one_recording_are_named_once() -> None:
    takes = [replace(BARK, path=f"dogs/bark_{take}.wav") for take in range(3)]
    assert credits.text(sheet(*takes), nowhere).count("Rex barks") == 1


def test_hostile_names_stay_on_their_line() -> None:
    bad = SoundRef(
        "sfx", "a.wav", "CC-BY-4.0\n\nfree", "x\x1b[2J\u202ey\n- forged", "A" * 100_000, "https://e.org\r\n-"
    )
    lines = credits.text(sheet(bad, video="/films/a\nb.mp4"), nowhere).splitlines()
    assert len(lines) == 4 and all(line.isprintable() and len(line) < 1200 for line in lines)
