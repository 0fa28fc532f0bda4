"""What the catalogue knows of a sound: plain data, shared by everything that reads or fills it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LabelSource = Literal["person", "sidecar", "tags", "ucs", "folder", "name"]
SoundKind = Literal["effect", "ambience", "music", "speech"]
# In order of trust: what stands further left is believed first.
SOURCES: tuple[LabelSource, ...] = ("person", "sidecar", "tags", "ucs", "folder", "name")


@dataclass(frozen=True)
class Tags:
    """What a file says of itself, one line of text each, "" where it says nothing.

    category is a UCS CatID or free words.
    """

    title: str = ""
    description: str = ""
    category: str = ""
    keywords: str = ""
    author: str = ""
    licence: str = ""
    source_url: str = ""


@dataclass(frozen=True)
class Measures:
    """What was measured of a file's samples.

    loudness_lufs is that of the whole, loudest_3s_lufs of its loudest 3 s (BS.1770); both None when silent.
    onsets_s: at most 1000. loopability in 0..1. clipped_share: of the samples, those in runs at full scale.
    dc: the mean of the samples. not_finite: NaN or infinity among them.
    """

    loudness_lufs: float | None
    loudest_3s_lufs: float | None
    true_peak_dbtp: float | None
    lead_silence_s: float
    tail_silence_s: float
    onsets_s: tuple[float, ...]
    loopability: float
    clipped_share: float
    dc: float
    not_finite: bool


@dataclass(frozen=True)
class SoundLabel:
    """One thing that a sound may be, who says so, and how sure that is (0..1)."""

    text: str
    source: LabelSource
    confidence: float


@dataclass(frozen=True)
class SoundRecord:
    """One sound file of a library.

    path: inside the library, with '/'. content_hash: BLAKE2b-128 of the bytes in hex, "" until measured.
    labels: most trusted first; labels[0] is the one that counts. category: a UCS CatID or "".
    measures: None until measured. problem: why the file can't be used, "" when it can.
    """

    path: str
    size_bytes: int
    mtime_ns: int
    content_hash: str
    duration_s: float
    sample_rate_hz: int
    channels: int
    labels: tuple[SoundLabel, ...]
    phrases: tuple[str, ...]
    kind: SoundKind
    category: str
    licence: str
    author: str
    source_url: str
    description: str
    title: str
    tags: Tags
    measures: Measures | None
    problem: str
