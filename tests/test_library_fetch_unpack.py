"""Archives: split ones read as one, hostile ones refused, only what is wanted written."""

from __future__ import annotations

import errno
import io
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from fetch_server import split, zipped

from sonify.errors import LibraryError
from sonify.library.fetch import unpack as module
from sonify.library.fetch.table import Archive
from sonify.library.fetch.unpack import unpack
from sonify.library.fetch.zips import DamagedError, JoinedZip

NOISE = np.random.default_rng(1).bytes(30_000)
MEMBERS = {f"Set-1/audio/{i}.wav": NOISE[i * 300 :] for i in range(40)} | {"Set-1/read me.txt": b"hello"}


def archive(limit_bytes: int = 10**7, limit_files: int = 100, take: Mapping[str, str] | None = None) -> Archive:
    return Archive("set", (), take or {"Set-*/audio/*.wav": "audio", "Set-*/*.txt": ""}, limit_bytes, limit_files)


def parts_in(folder: Path, bodies: list[bytes]) -> list[Path]:
    names = [f"set.z{i:02}" for i in range(1, len(bodies))] + ["set.zip"]
    paths = [folder / name for name in names]
    for path, body in zip(paths, bodies, strict=True):
        path.write_bytes(body)
    return paths


def out(tmp_path: Path, bodies: list[bytes], what: Archive | None = None) -> Path:
    (tmp_path / "in").mkdir(exist_ok=True)
    paths = parts_in(tmp_path / "in", bodies)
    unpack(what or archive(), paths, lambda name: tmp_path / "out" / name, lambda _: None)
    return tmp_path / "out"


def tree(folder: Path) -> Iterator[tuple[str, bytes]]:
    return ((str(p.relative_to(folder)), p.read_bytes()) for p in sorted(folder.rglob("*")) if p.is_file())


WANTED = {name.replace("Set-1/", ""): body for name, body in MEMBERS.items()}


def test_one_file(tmp_path: Path) -> None:
    assert dict(tree(out(tmp_path, [zipped(MEMBERS, packed=True)]))) == WANTED


@pytest.mark.parametrize("part_bytes", [65_536, 100_000, 333_333])
@pytest.mark.parametrize("packed", [False, True])
def test_split_archives(tmp_path: Path, part_bytes: int, packed: bool) -> None:
    parts = split(zipped(MEMBERS, packed=packed), part_bytes)
    assert len(parts) > 2
    assert dict(tree(out(tmp_path, parts))) == WANTED


@pytest.mark.skipif(not shutil.which("zip"), reason="Info-ZIP's zip is not here to split an archive")
@pytest.mark.parametrize("many", [40, 800])
def test_archives_that_info_zip_splits(tmp_path: Path, many: int) -> None:
    source = tmp_path / "Set-1" / "audio"
    source.mkdir(parents=True)
    wanted = {f"{i}.wav": NOISE[i % 90 :][: 20_000 if many < 100 else 200] for i in range(many)}
    for name, body in wanted.items():
        (source / name).write_bytes(body)
    command = ["zip", "-q", "-r", "-s", "64k", str(tmp_path / "set.zip"), "Set-1"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    parts = [*sorted(tmp_path.glob("set.z[0-9]*")), tmp_path / "set.zip"]
    assert len(parts) > 2
    unpack(archive(limit_files=4000, limit_bytes=10**8), parts, lambda name: tmp_path / "out" / name, lambda _: None)
    assert {name.removeprefix("audio/"): body for name, body in tree(tmp_path / "out")} == wanted


def test_wide_numbers(tmp_path: Path) -> None:
    """A split archive whose end and entries are written in the ZIP64 way, as for more than 65,535 members."""
    parts = split(zipped({"Set-1/audio/a.wav": NOISE, "Set-1/audio/b.wav": NOISE[::-1]}), 20_000)
    last = parts[-1]
    end = last.rindex(b"PK\x05\x06")
    count, size, at = struct.unpack_from("<H2L", last, end + 10)
    entry, entries, place = last[at : at + size], b"", 0
    while place < len(entry):
        head = bytearray(entry[place : place + 46])
        name, extra, comment = struct.unpack_from("<3H", head, 28)
        packed, full = struct.unpack_from("<2L", head, 20)
        (part,), (offset,) = struct.unpack_from("<H", head, 34), struct.unpack_from("<L", head, 42)
        wide = struct.pack("<2H3QL", 1, 28, full, packed, offset, part)
        struct.pack_into("<2L", head, 20, 0xFFFFFFFF, 0xFFFFFFFF)
        struct.pack_into("<H", head, 30, len(wide))
        struct.pack_into("<H", head, 34, 0xFFFF)
        struct.pack_into("<L", head, 42, 0xFFFFFFFF)
        entries += bytes(head) + entry[place + 46 : place + 46 + name] + wide
        place += 46 + name + extra + comment
    disk = len(parts) - 1
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, disk, disk, count, count, len(entries), at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", disk, at + len(entries), disk + 1)
    full_end = struct.pack("<4s4H2LH", b"PK\x05\x06", *[0xFFFF] * 4, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    parts[-1] = last[:at] + entries + end64 + locator + full_end
    assert dict(tree(out(tmp_path, parts))) == {"audio/a.wav": NOISE, "audio/b.wav": NOISE[::-1]}


def test_the_joined_file_reads_anywhere(tmp_path: Path) -> None:
    paths = parts_in(tmp_path, split(zipped(MEMBERS), 65_536))
    with JoinedZip(paths, 100) as joined:
        size = joined.seek(0, io.SEEK_END)
        joined.seek(0)
        whole = joined.readall()
        assert len(whole) == size and zipfile.is_zipfile(io.BytesIO(whole))
        raw = b"".join(path.read_bytes() for path in paths)
        assert whole[:300_000] == raw[:300_000]
        joined.seek(65_530)
        assert joined.read(20) == raw[65_530:65_536]  # up to the border; a buffered reader asks again


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parts: parts[:-2] + parts[-1:],
        lambda parts: parts[1:],
        lambda parts: [*parts[:-1], parts[-1][:-30]],
        lambda parts: [*parts[:-1], b""],
        lambda parts: [b"", *parts[1:]],
        lambda parts: [parts[1], parts[0], *parts[2:]],
        lambda parts: [*parts[:-1], parts[-1].replace(b"PK\x01\x02", b"PK\x01\x03", 3)],
        lambda parts: [parts[0][:1000] + bytes(1000) + parts[0][2000:], *parts[1:]],
    ],
    ids=["one missing", "first missing", "no end", "empty last", "empty first", "swapped", "directory", "bytes"],
)
def test_damaged_parts(tmp_path: Path, spoil: object) -> None:
    parts = split(zipped(MEMBERS, packed=True), 65_536)
    with pytest.raises(DamagedError):
        out(tmp_path, spoil(parts))  # type: ignore[operator]


def test_random_damage_is_an_error_or_harmless(tmp_path: Path) -> None:
    whole = zipped({f"Set-1/audio/{i}.wav": NOISE[: 50 + i] for i in range(5)}, packed=True)
    random = np.random.default_rng(7)
    refused = 0
    for turn in range(150):
        body = bytearray(whole)
        for place in random.integers(0, len(body), 3):
            body[place] = random.integers(256)
        target = tmp_path / str(turn)
        target.mkdir()
        try:
            out(target, [bytes(body[: random.integers(1, len(body))] if turn % 5 == 0 else body)])
        except DamagedError:
            refused += 1
    assert refused > 40
    assert all(p.suffix in (".wav", ".zip") for p in tmp_path.rglob("*") if p.is_file())


UNSAFE = [
    "../evil.wav",
    "Set-1/audio/../../../evil.wav",
    "/etc/evil.wav",
    "Set-1\\audio\\evil.wav",
    "..\\evil.wav",
    "C:/evil.wav",
    "Set-1//audio/evil.wav",
    "Set-1/audio/ev\nil.wav",
    "Set-1/audio/nul.wav",
    "Set-1/audio/evil.wav.",
    "Set-1/audio/" + "x" * 300 + ".wav",
    "Set-1/audio/\x1b[31mred.wav",
]


@pytest.mark.parametrize("name", UNSAFE)
def test_a_name_that_leads_out_is_refused_with_all_the_rest(tmp_path: Path, name: str) -> None:
    with pytest.raises(DamagedError, match="it isn't used") as caught:
        out(tmp_path, [zipped({"Set-1/audio/good.wav": b"good", name: b"evil"})])
    assert str(caught.value).isprintable()
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.rglob("*evil*"))


def hostile(name: str, *, mode: int = 0, flags: int = 0, method: int = 0) -> bytes:
    body = zipped({name: b"/etc/passwd"})
    info = body.rindex(b"PK\x01\x02")
    raw = bytearray(body)
    struct.pack_into("<L", raw, info + 38, mode << 16)
    raw[info + 8] |= flags
    raw[info + 10] = method
    return bytes(raw)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (hostile("Set-1/audio/a.wav", mode=0o120777), "a link or a device"),
        (hostile("Set-1/other", mode=0o120777), "a link or a device"),
        (hostile("Set-1/audio/a.wav", mode=0o020666), "a link or a device"),
        (hostile("Set-1/audio/a.wav", flags=1), "password"),
        (hostile("Set-1/audio/a.wav", method=12), "packed in a way"),
        (zipped({"Set-1/a.wav": b"elsewhere"}), "holds nothing of what it should"),
        (zipped({"Set-1/audio/a.wav": b"1", "Set-2/audio/A.WAV": b"2", "Set-2/audio/A.wav": b"2"}), "twice"),
        (b"<html>not found</html>", "it has no end"),
        (b"", "no archive"),
    ],
)
def test_what_no_honest_archive_holds(tmp_path: Path, body: bytes, message: str) -> None:
    with pytest.raises(DamagedError, match=message):
        out(tmp_path, [body])


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    old = zipped({"Set-1/audio/gr????n.wav": b"1", "Set-1/audio/d?j? ?x.wav": b"2"})
    raw = old.replace(b"gr????n", "grüün".encode()).replace(b"d?j? ?x", b"d\x82j\x85 \x83x")
    assert dict(tree(out(tmp_path, [raw]))) == {"audio/grüün.wav": b"1", "audio/déjà âx.wav": b"2"}
    flagged = bytearray(raw)
    flagged[flagged.rindex(b"PK\x01\x02") + 9] |= 0x08
    with pytest.raises(DamagedError):
        out(tmp_path, [bytes(flagged)])


def test_bombs(tmp_path: Path) -> None:
    big = zipped({f"Set-1/audio/{i}.wav": bytes(1_000_000) for i in range(12)}, packed=True)
    assert len(big) < 20_000
    with pytest.raises(DamagedError, match="unpacks to 12 MB, over 10 MB"):
        out(tmp_path, [big])
    with pytest.raises(DamagedError, match="holds 12 files, over 5"):
        out(tmp_path, [big], archive(limit_files=5))
    liar = bytearray(zipped({"Set-1/audio/a.wav": bytes(1_000_000)}, packed=True))
    for mark, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        struct.pack_into("<L", liar, liar.rindex(mark) + at, 100)
    with pytest.raises(DamagedError):
        out(tmp_path, [bytes(liar)])
    assert not list((tmp_path / "out").rglob("*.wav"))


def test_it_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = [zipped(MEMBERS)]
    written: list[str] = []
    write = module._write

    def stop(opened: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
        if len(written) == 10:
            raise KeyboardInterrupt
        write(opened, info, target)
        written.append(target.name)

    monkeypatch.setattr(module, "_write", stop)
    with pytest.raises(KeyboardInterrupt):
        out(tmp_path, body)
    monkeypatch.setattr(module, "_write", write)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.wav")}
    assert len(before) == 10
    assert dict(tree(out(tmp_path, body))) == WANTED
    assert {p: p.stat().st_mtime_ns for p in before} == before


def test_a_spoilt_file_is_written_again_when_asked(tmp_path: Path) -> None:
    parts = parts_in(tmp_path, [zipped(MEMBERS)])
    place = lambda name: tmp_path / "out" / name  # noqa: E731
    unpack(archive(), parts, place, lambda _: None)
    spoilt = tmp_path / "out" / "audio" / "3.wav"
    spoilt.write_bytes(bytes(spoilt.stat().st_size))
    unpack(archive(), parts, place, lambda _: None, afresh=True)
    assert dict(tree(tmp_path / "out")) == WANTED


def test_parts_that_cant_be_read_are_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="can't read set.zip") as caught:
        unpack(archive(), [tmp_path / "set.zip"], lambda _: tmp_path, lambda _: None)
    assert not isinstance(caught.value, DamagedError)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_write", full)
    with pytest.raises(LibraryError, match="No space left on device.*make room"):
        out(tmp_path, [zipped(MEMBERS)])
