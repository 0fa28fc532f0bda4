"""What a sound file says of itself: BWF bext, iXML, INFO, ID3, Vorbis comments and the text chunks of AIFF.

wavinfo and mutagen read them; what they are given is cut to size before, since they believe what a file claims.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from sonify.library.labels.words import one_line
from sonify.library.metadata.chunks import Chunk, chunks, contents
from sonify.library.metadata.id3 import read_id3, read_id3v1
from sonify.library.records import Tags

MAX_TEXT = 2_000
MAX_XML_BYTES = 2**20
MAX_TEXT_CHUNK_BYTES = 64 * 2**10
MAX_COMMENTS_BYTES = 2 * 2**20
MAX_FIELDS = 1_000
# EBU Tech 3285: the length without the coding history, and that of the description at its beginning.
_BEXT_BYTES, _DESCRIPTION_BYTES = 602, 256

# Where each field is looked for, the most telling name first. "USER" of Soundminer and REAPER, "ASWG" of Sony,
# Vorbis comments and TXXX frames all use such names.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("fxname", "tracktitle", "title", "name"),
    "description": ("description", "comment", "comments", "subject", "subtitle", "notes", "annotation"),
    "category": ("catid", "categoryfull", "genre"),
    "keywords": ("keywords", "tags", "usercategory"),
    "author": ("designer", "recordist", "author", "artist", "manufacturer", "originator", "creatorid", "engineer"),
    "licence": ("license", "licence", "licenceurl", "licenseurl", "rights", "usageterms"),
    "source_url": ("url", "sourceurl", "source", "www", "website"),
}
_SAYS_LICENCE = re.compile(r"licen[cs]e|creative ?commons|\bcc\b|\bcc0|\bcc-?by|public domain|rights|royalty", re.I)
# Field recorders keep their settings in the description: "sSPEED=025.000-ND sTAKE=03".
_SETTINGS = re.compile(r"\b[a-z][A-Z]{2,}\d*=")


def read_tags(file: Path) -> Tags:
    """The tags of a sound file; empty fields where it has none or they are damaged.

    Never raises for what is in the file or that it can't be read. At most about 4 MiB of it are read, text is cut
    at 2,000 characters and has no control characters. XML with a document type is not read.
    """
    try:
        with file.open("rb") as opened:
            fields = _Fields(_sources(opened))
    except OSError:
        return Tags()
    return fields.tags()


class _Fields:
    """Texts by field name, the first that says anything."""

    def __init__(self, sources: Iterable[Mapping[str, str]]) -> None:
        self.found: dict[str, str] = {}
        for source in sources:
            for name, text in list(source.items())[:MAX_FIELDS]:
                line = one_line(text, MAX_TEXT)
                if line:
                    self.found.setdefault(re.sub(r"[^a-z0-9]", "", name.casefold()), line)

    def first(self, *names: str) -> str:
        return next((self.found[name] for name in names if name in self.found), "")

    def tags(self) -> Tags:
        fields = {field: self.first(*names) for field, names in _FIELDS.items()}
        category, subcategory = self.first("category"), self.first("subcategory")
        if category and "catid" not in self.found:
            fields["category"] = f"{category}-{subcategory}" if subcategory else category
        if _SETTINGS.search(fields["description"]):
            fields["description"] = ""
        copyright_ = self.first("copyright")
        if not fields["licence"] and _SAYS_LICENCE.search(copyright_):
            fields["licence"] = copyright_
        if not re.match(r"https?://", fields["source_url"], re.IGNORECASE):
            fields["source_url"] = ""
        return Tags(**fields)


def _sources(file: BinaryIO) -> Iterator[Mapping[str, str]]:
    """What each part of the file says, the most telling part first."""
    head = file.read(4)
    if head in (b"RIFF", b"RF64", b"BW64", b"FORM"):
        yield from _of_chunks(file)
    elif head == b"fLaC":
        yield _guarded(_flac, file)
    elif head == b"OggS":
        yield _guarded(_ogg, file)
    else:
        yield _guarded(read_id3, file, 0)
        yield _guarded(read_id3v1, file)


def _of_chunks(file: BinaryIO) -> Iterator[Mapping[str, str]]:
    found: dict[bytes, Chunk] = {}
    for part in chunks(file):
        # Of several the first, except that a LIST may also hold markers.
        listed = part.name == b"LIST" and contents(file, part, 4) == b"INFO"
        found.setdefault(b"INFO" if listed else part.name, part)
    for name, read in ((b"iXML", _ixml), (b"bext", _bext), (b"INFO", _info)):
        if name in found:
            yield _guarded(read, file, found[name])
    for name in (b"id3 ", b"ID3 "):
        if name in found:
            yield _guarded(read_id3, file, found[name].start)
    for name, field in ((b"NAME", "name"), (b"AUTH", "author"), (b"(c) ", "copyright"), (b"ANNO", "annotation")):
        if name in found:
            yield {field: _decoded(contents(file, found[name], MAX_TEXT_CHUNK_BYTES))}


def _guarded(read: Callable[..., Mapping[str, str]], *given: Any) -> Mapping[str, str]:
    """What a reader finds, nothing when it stumbles: the parsers below are not made for hostile files."""
    try:
        return read(*given)
    except Exception:  # noqa: BLE001 - whatever a parser raises, a file without readable tags is still a sound
        return {}


def _bext(file: BinaryIO, chunk: Chunk) -> Mapping[str, str]:
    from wavinfo.wave_bext_reader import WavBextReader

    # The description comes first. The originator is the recorder's or the program's name as often as a person's.
    raw = contents(file, chunk, _DESCRIPTION_BYTES).split(b"\0")[0]
    return {"description": WavBextReader(raw.ljust(_BEXT_BYTES, b"\0"), _encoding(raw)).description}


def _info(file: BinaryIO, chunk: Chunk) -> Mapping[str, str]:
    from wavinfo.wave_info_reader import WavInfoChunkReader

    raw = contents(file, chunk, MAX_TEXT_CHUNK_BYTES)
    listed = b"LIST" + struct.pack("<I", len(raw)) + raw
    riff = b"RIFF" + struct.pack("<I", len(listed) + 4) + b"WAVE" + listed
    info = WavInfoChunkReader(BytesIO(riff), _encoding(raw))
    return {name: text for name, text in info.to_dict().items() if isinstance(text, str)}


def _ixml(file: BinaryIO, chunk: Chunk) -> Mapping[str, str]:
    from wavinfo.wave_ixml_reader import WavIXMLFormat

    if chunk.size_bytes > MAX_XML_BYTES:
        return {}
    raw = contents(file, chunk, MAX_XML_BYTES).strip(b"\0 \r\n\t")
    # Without a document type there are no entities to expand; iXML has none. UTF-16 has a zero at each letter.
    if re.search(rb"<!\s*(doctype|entity)", raw.replace(b"\0", b""), re.IGNORECASE):
        return {}
    root = WavIXMLFormat(raw).raw_xml.getroot()
    found: dict[str, str] = {}
    for place in ("USER", "ASWG"):
        for element in root.iterfind(f"./{place}/*"):
            if isinstance(element.tag, str) and element.text:
                found.setdefault(re.sub(r"[^a-z0-9]", "", element.tag.casefold()), element.text)
    for name, path in (("description", "./BEXT/BWF_DESCRIPTION"), ("notes", "./NOTE")):
        found.setdefault(name, root.findtext(path) or "")
    return found


def _flac(file: BinaryIO) -> Mapping[str, str]:
    from mutagen.flac import VCFLACDict

    position = 4
    for _ in range(128):
        file.seek(position)
        head = file.read(4)
        size = int.from_bytes(head[1:4], "big")
        if head[0:1] and head[0] & 0x7F == 4:
            return _comments(VCFLACDict(file.read(min(size, MAX_COMMENTS_BYTES))))
        if len(head) < 4 or head[0] & 0x80:
            break
        position += 4 + size
    return {}


def _ogg(file: BinaryIO) -> Mapping[str, str]:
    from mutagen import oggflac, oggopus, oggvorbis

    start = file.read(64)
    file.seek(0)
    # The length of the sound, which mutagen would look for at the end of the file, is not asked for.
    bounded = BytesIO(file.read(MAX_COMMENTS_BYTES))
    if b"OpusHead" in start:
        return _comments(oggopus.OggOpusVComment(bounded, oggopus.OggOpusInfo(bounded)))
    if b"\x7fFLAC" in start:
        return _comments(oggflac.OggFLACVComment(bounded, oggflac.OggFLACStreamInfo(bounded)))
    return _comments(oggvorbis.OggVCommentDict(bounded, oggvorbis.OggVorbisInfo(bounded)))


def _comments(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, text in pairs:
        if len(found) < MAX_FIELDS:
            found.setdefault(name.casefold(), text)
    return found


def _encoding(raw: bytes) -> str:
    """UTF-8 where that is what the bytes are, else Latin-1, in which every byte is a letter."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return "latin_1"
    return "utf-8"


def _decoded(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode(_encoding(raw), "replace")
