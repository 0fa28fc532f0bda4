"""What files say of themselves, in every container; and files that lie."""

from __future__ import annotations

import random
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import soundfile
from media import ffmpeg
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, ID3, TCON, TCOP, TIT2, TPE1, TXXX, WCOP
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from sonify.library.metadata.tags import read_tags
from sonify.library.records import Tags

RATE_HZ = 48_000
IXML = """<?xml version="1.0" encoding="UTF-8"?><BWFXML><IXML_VERSION>1.61</IXML_VERSION><NOTE>a note</NOTE>
<USER><FXNAME>Small Terrier Bark</FXNAME><CATID>ANMLDog</CATID><CATEGORY>ANIMALS</CATEGORY>
<SUBCATEGORY>DOG</SUBCATEGORY><DESCRIPTION>A small terrier, ängry &amp; loud</DESCRIPTION>
<KEYWORDS>dog, bark, yap</KEYWORDS><DESIGNER>Jo Smith</DESIGNER><URL>https://example.org/dogs</URL>
<LICENSE>CC BY 4.0</LICENSE></USER></BWFXML>"""


def chunk(name: bytes, body: bytes, order: str = "<I") -> bytes:
    return name + struct.pack(order, len(body)) + body + b"\0" * (len(body) % 2)


def bext(description: bytes) -> bytes:
    return chunk(b"bext", description.ljust(256, b"\0") + b"ZOOM H6".ljust(32, b"\0") + b"\0" * 314 + b"A=PCM\r\n")


def info(**fields: str) -> bytes:
    body = b"".join(chunk(name.encode(), text.encode("latin-1") + b"\0") for name, text in fields.items())
    return chunk(b"LIST", b"INFO" + body)


def wav(path: Path, *extra: bytes, before: bytes = b"") -> Path:
    """A second of silence with chunks before and after the samples."""
    body = b"WAVE" + chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)) + before
    body += chunk(b"data", b"\0" * 16_000) + b"".join(extra)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_ixml(tmp_path: Path) -> None:
    assert read_tags(wav(tmp_path / "a.wav", chunk(b"iXML", IXML.encode()))) == Tags(
        title="Small Terrier Bark",
        description="A small terrier, ängry & loud",
        category="ANMLDog",
        keywords="dog, bark, yap",
        author="Jo Smith",
        licence="CC BY 4.0",
        source_url="https://example.org/dogs",
    )


def test_category_and_subcategory_without_an_id(tmp_path: Path) -> None:
    text = IXML.replace("<CATID>ANMLDog</CATID>", "")
    assert read_tags(wav(tmp_path / "a.wav", chunk(b"iXML", text.encode()))).category == "ANIMALS-DOG"


def test_aswg_and_utf16(tmp_path: Path) -> None:
    text = '<?xml version="1.0"?><BWFXML><ASWG><catId>RAINMetl</catId><fxName>Tin Roof</fxName></ASWG></BWFXML>'
    tags = read_tags(wav(tmp_path / "a.wav", chunk(b"iXML", text.encode("utf-16"))))
    assert (tags.category, tags.title) == ("RAINMetl", "Tin Roof")


def test_bext_and_info(tmp_path: Path) -> None:
    named = info(INAM="Church bells", IART="Jo", ICOP="(c) 2020 Jo, CC BY 3.0", IKEY="bells", IGNR="Bells")
    tags = read_tags(wav(tmp_path / "a.wav", named, before=bext("Bells of Ulm, Münster".encode())))
    assert tags == Tags("Church bells", "Bells of Ulm, Münster", "Bells", "bells", "Jo", "(c) 2020 Jo, CC BY 3.0", "")
    assert read_tags(wav(tmp_path / "b.wav", before=bext("Glocke, Münster".encode("latin-1")))).description == (
        "Glocke, Münster"
    )


def test_settings_of_a_recorder_are_no_description(tmp_path: Path) -> None:
    raw = b"sSPEED=025.000-ND\r\nsTAKE=03\r\nsUBITS=$00000000\r\nsTRK1=Boom\r\n"
    assert read_tags(wav(tmp_path / "a.wav", before=bext(raw))) == Tags()


def test_a_copyright_alone_is_no_licence(tmp_path: Path) -> None:
    assert read_tags(wav(tmp_path / "a.wav", info(ICOP="2020 Jo Smith"))).licence == ""


def test_rf64(tmp_path: Path) -> None:
    data = b"\0" * 1000
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, len(data), 500, 0))
    body = b"WAVE" + ds64 + chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16))
    body += b"data\xff\xff\xff\xff" + data + chunk(b"iXML", IXML.encode())
    (tmp_path / "a.wav").write_bytes(b"RF64\xff\xff\xff\xff" + body)
    assert read_tags(tmp_path / "a.wav").category == "ANMLDog"


def id3(*, picture_bytes: int = 0) -> ID3:
    tag = ID3()
    if picture_bytes:
        tag.add(APIC(encoding=0, mime="image/png", type=3, desc="", data=bytes(picture_bytes)))
    tag.add(TIT2(encoding=3, text="Glockenläuten"))
    tag.add(TPE1(encoding=1, text=["Jo", "Al"]))
    tag.add(COMM(encoding=3, lang="eng", desc="", text="bells far away"))
    tag.add(TCON(encoding=0, text="Sound Clip"))
    tag.add(TCOP(encoding=0, text="2020 Jo"))
    tag.add(WCOP(url="https://creativecommons.org/licenses/by/4.0/"))
    tag.add(TXXX(encoding=0, desc="CATID", text="BELLLrg"))
    tag.add(TXXX(encoding=0, desc="SOURCE_URL", text="https://example.org/1"))
    return tag


FROM_ID3 = Tags(
    "Glockenläuten",
    "bells far away",
    "BELLLrg",
    "",
    "Jo; Al",
    "https://creativecommons.org/licenses/by/4.0/",
    "https://example.org/1",
)


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("picture_bytes", [0, 5 * 2**20])
def test_id3_of_mp3(tmp_path: Path, version: int, picture_bytes: int) -> None:
    path = tmp_path / "a.mp3"
    soundfile.write(path, np.zeros(RATE_HZ), RATE_HZ)
    tag = id3(picture_bytes=picture_bytes)
    if version == 3:
        tag.update_to_v23()
    tag.save(path, v2_version=version, v23_sep="; ")
    assert read_tags(path) == FROM_ID3


def safe(size: int) -> bytes:
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))


def frame(name: bytes, text: bytes) -> bytes:
    """A frame of version 2.2 (three letters) or 2.3."""
    body = b"\1" + text if text[:2] == b"\xff\xfe" else b"\0" + text
    if len(name) == 3:
        return name + struct.pack(">I", len(body))[1:] + body
    return name + struct.pack(">IH", len(body), 0) + body


def test_old_and_unsynchronised_id3(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    frames = frame(b"PIC", b"x" * 100_000) + frame(b"TT2", b"Dog Bark") + frame(b"TP1", b"Jo")
    path.write_bytes(b"ID3\2\0\0" + safe(len(frames)) + frames + b"\xff\xfb\x90\0" * 400)
    assert (read_tags(path).title, read_tags(path).author) == ("Dog Bark", "Jo")
    # "\xff\xfe" of UTF-16 is written "\xff\0\xfe"; an extended header comes first.
    frames = frame(b"TIT2", b"\xff\xfe" + "Hund bellt".encode("utf-16-le")) + frame(b"TPE1", b"Jo")
    frames = (struct.pack(">IHI", 6, 0, 0) + frames).replace(b"\xff", b"\xff\0")
    path.write_bytes(b"ID3\3\0\xc0" + safe(len(frames)) + frames + b"\xff\xfb\x90\0" * 400)
    assert (read_tags(path).title, read_tags(path).author) == ("Hund bellt", "Jo")


def test_id3_in_wav_and_aiff(tmp_path: Path) -> None:
    (tmp_path / "tag").write_bytes(b"")
    id3().save(tmp_path / "tag")
    raw = (tmp_path / "tag").read_bytes()
    assert read_tags(wav(tmp_path / "a.wav", chunk(b"id3 ", raw))) == FROM_ID3
    soundfile.write(tmp_path / "a.aiff", np.zeros(100), RATE_HZ)
    with (tmp_path / "a.aiff").open("ab") as file:
        file.write(chunk(b"NAME", b"Plain name", ">I") + chunk(b"ID3 ", raw, ">I") + chunk(b"ANNO", b"Note", ">I"))
    assert read_tags(tmp_path / "a.aiff") == FROM_ID3


def test_text_chunks_of_aiff(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.aiff", np.zeros(100), RATE_HZ)
    with (tmp_path / "a.aiff").open("ab") as file:
        file.write(chunk(b"NAME", b"Church bell\0", ">I") + chunk(b"AUTH", b"Jo", ">I"))
        file.write(chunk(b"(c) ", b"CC0", ">I") + chunk(b"ANNO", b"far away", ">I"))
    assert read_tags(tmp_path / "a.aiff") == Tags(
        title="Church bell", description="far away", author="Jo", licence="CC0"
    )


def test_id3v1(tmp_path: Path) -> None:
    old = b"TAG" + b"Dog Bark".ljust(30, b"\0") + b"Jo".ljust(30, b"\0") + b"\0" * 30 + b"2001" + b"\0" * 30 + b"\xff"
    (tmp_path / "a.mp3").write_bytes(b"\xff\xfb\x90\x00" * 400 + old)
    tags = read_tags(tmp_path / "a.mp3")
    assert (tags.title, tags.author) == ("Dog Bark", "Jo")


@pytest.mark.parametrize(("suffix", "subtype"), [("flac", "PCM_16"), ("ogg", "VORBIS"), ("opus", "OPUS")])
def test_comments_of_flac_and_ogg(tmp_path: Path, suffix: str, subtype: str) -> None:
    path = tmp_path / f"a.{suffix}"
    form = "FLAC" if suffix == "flac" else "OGG"
    soundfile.write(path, np.zeros(RATE_HZ), RATE_HZ, format=form, subtype=subtype)
    opened = {"flac": FLAC, "ogg": OggVorbis, "opus": OggOpus}[suffix](path)
    opened.update({"Title": "Dog", "description": "ein Hund, böse", "GENRE": "Animals", "artist": "Jo"})
    opened.update({"LICENSE": "CC0", "url": "https://example.org/2", "keywords": ["bark", "yap"]})
    if suffix == "flac":
        picture = Picture()
        picture.data = bytes(3 * 2**20)
        opened.add_picture(picture)
    opened.save()
    assert read_tags(path) == Tags("Dog", "ein Hund, böse", "Animals", "bark", "Jo", "CC0", "https://example.org/2")


def test_control_characters_and_length(tmp_path: Path) -> None:
    tags = read_tags(wav(tmp_path / "a.wav", info(INAM="a\x1b[31m\x07b\r\nc\x9b", ICMT="x" * 30_000)))
    assert tags.title == "a [31m b c"
    assert tags.description == "x" * 2000


def test_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "text.wav").write_text("no sound at all, and no tags")
    (tmp_path / "folder.wav").mkdir()
    for name in ("empty.wav", "text.wav", "folder.wav", "missing.wav"):
        assert read_tags(tmp_path / name) == Tags()


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><BWFXML><USER><FXNAME>&i;</FXNAME></USER></BWFXML>"
)
SECRET = '<!doctype x [<!ENTITY a SYSTEM "file:///etc/passwd">]><BWFXML><USER><FXNAME>&a;</FXNAME></USER></BWFXML>'


def many_small_frames() -> bytes:
    return b"ID3\x03\x00\x00\x00\x7f\x7f\x7f" + b"TIT2\x00\x00\x00\x01\x00\x00a" * 190_000


def packed_frame() -> bytes:
    packed = struct.pack(">I", 2**25) + zlib.compress(b"\0" + b"a" * 2**25, 9)
    whole = b"TIT2" + struct.pack(">I", len(packed)) + b"\x00\x80" + packed
    return b"ID3\x03\x00\x00" + safe(len(whole)) + whole


def hostile(folder: Path) -> dict[str, Path]:
    written = {
        "an XML bomb": wav(folder / "1.wav", chunk(b"iXML", BOMB.encode())),
        "the same in UTF-16": wav(folder / "2.wav", chunk(b"iXML", BOMB.encode("utf-16"))),
        "one entity": wav(folder / "0.wav", chunk(b"iXML", BOMB.replace("&i;", "&a;").encode())),
        "a file from elsewhere": wav(folder / "3.wav", chunk(b"iXML", SECRET.encode())),
        "huge XML": wav(folder / "4.wav", chunk(b"iXML", IXML.encode() + b" " * 2**21)),
        "deep XML": wav(folder / "5.wav", chunk(b"iXML", b"<a>" * 300_000)),
        "chunks without end": wav(folder / "6.wav", chunk(b"junk", b"") * 400_000 + chunk(b"iXML", IXML.encode())),
        "a nest of lists": wav(folder / "7.wav", chunk(b"LIST", b"INFO" + b"LIST\xff\xff\x00\x00INFO" * 5_000)),
        "a chunk beyond the end": wav(folder / "8.wav", b"iXML\xf0\xff\xff\x7f<BWFXML/>"),
        "a short bext": wav(folder / "9.wav", chunk(b"bext", b"")),
    }
    for name, raw in {
        "frames without end": many_small_frames(),
        "a packed frame": packed_frame(),
        "a tag that is not there": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f",
        "comments that are not there": b"fLaC\x84\xff\xff\xff\x00\x00\x00\x00\xff\xff\xff\xff",
        "an endless Ogg": b"OggS\x00\x02" + b"\0" * 20 + b"\x01\x1e\x01vorbis" + b"\0" * 200 + b"OggS" * 500_000,
    }.items():
        written[name] = folder / f"{len(written)}.mp3"
        written[name].write_bytes(raw)
    return written


def test_hostile_files_say_nothing(tmp_path: Path) -> None:
    for name, path in hostile(tmp_path).items():
        tracemalloc.start()
        tags = read_tags(path)
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert tags == Tags() or name == "frames without end", name
        assert most_bytes < 16 * 2**20, name


def test_damaged_files_say_something_or_nothing(tmp_path: Path) -> None:
    """Bytes changed at random, near the tags: never an error, never a text that isn't one line."""
    dice = random.Random(7)
    (tmp_path / "tag").write_bytes(b"")
    id3().save(tmp_path / "tag")
    samples = [wav(tmp_path / "a.wav", info(INAM="Bells", IART="Jo"), chunk(b"iXML", IXML.encode()),
                   chunk(b"id3 ", (tmp_path / "tag").read_bytes()), before=bext(b"Bells"))]  # fmt: skip
    for suffix, form, subtype in (("flac", "FLAC", "PCM_16"), ("ogg", "OGG", "VORBIS"), ("opus", "OGG", "OPUS")):
        path = tmp_path / f"a.{suffix}"
        soundfile.write(path, np.zeros(100), RATE_HZ, format=form, subtype=subtype)
        samples.append(path)
    samples.append(tmp_path / "tag")
    for path in samples:
        whole = path.read_bytes()
        for _ in range(60):
            damaged = bytearray(whole[: dice.choice([len(whole), dice.randrange(len(whole))])])
            for _ in range(dice.randrange(1, 12)):
                if damaged:
                    damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            broken = tmp_path / "broken"
            broken.write_bytes(damaged)
            tags = read_tags(broken)
            assert all(text.isprintable() and len(text) <= 2000 for text in vars(tags).values())


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", ["-write_bext", "1", "-write_id3v2", "1"]),
        ("rf64.wav", ["-write_bext", "1", "-rf64", "always"]),
        ("a.mp3", []),
        ("a.aiff", ["-write_id3v2", "1"]),
        ("a.flac", []),
        ("a.ogg", ["-c:a", "libvorbis"]),
        ("a.opus", []),
    ],
)
def test_what_ffmpeg_writes(tmp_path: Path, name: str, options: list[str]) -> None:
    """Another program's idea of each container."""
    said = {"title": "Dog Bark", "description": "ein Hund, böse", "artist": "Jo", "copyright": "CC BY 4.0"}
    pairs = [part for key, text in said.items() for part in ("-metadata", f"{key}={text}")]
    ffmpeg("-f", "lavfi", "-t", "0.2", "-i", "sine=440", *pairs, *options, tmp_path / name)
    assert read_tags(tmp_path / name) == Tags("Dog Bark", "ein Hund, böse", author="Jo", licence="CC BY 4.0")
