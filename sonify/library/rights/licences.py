"""Licences by one name each: their SPDX identifier (spdx.org/licenses), and what it asks of whoever uses a sound.

Terms that SPDX has no identifier for are written as it wants such things written: `LicenseRef-royalty-free`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

PUBLIC_DOMAIN = "LicenseRef-public-domain"
RESERVED = "LicenseRef-all-rights-reserved"
ROYALTY_FREE = "LicenseRef-royalty-free"
NEWEST = "4.0"
MAX_TEXT = 500

# What is used for sounds, of the SPDX list, besides Creative Commons; found whatever the case of its letters.
_SPDX = (
    "0BSD Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 CC-PDDC CC-PDM-1.0 EUPL-1.2 GPL-2.0-only "
    "GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC LAL-1.3 LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only "
    "LGPL-3.0-or-later MIT MIT-0 MPL-2.0 OFL-1.1 OGL-UK-3.0 Unlicense WTFPL Zlib"
)
_OTHERS = {name.casefold(): name for name in _SPDX.split()} | {
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "the mit license": "MIT",
    "mit license": "MIT",
    "mit licence": "MIT",
    "free art license": "LAL-1.3",
    "free art license 1.3": "LAL-1.3",
    "the unlicense": "Unlicense",
    "pdm": PUBLIC_DOMAIN,
}
# Terms of sellers and of archives, by the words that they are known by.
_TERMS = (
    (re.compile(r"\ball rights reserved\b|^©|^\(c\)|^copyright\b|^copyrighted\b", re.IGNORECASE), RESERVED),
    (re.compile(r"\boga[\s-]?by\b", re.IGNORECASE), "LicenseRef-OGA-BY-3.0"),
    (re.compile(r"\bremarc\b", re.IGNORECASE), "LicenseRef-BBC-RemArc"),
    (re.compile(r"\bpixabay\b.*\blicen[sc]e\b", re.IGNORECASE), "LicenseRef-Pixabay"),
    (re.compile(r"\bmixkit\b.*\blicen[sc]e\b", re.IGNORECASE), "LicenseRef-Mixkit"),
    (re.compile(r"\bzapsplat\b.*\blicen[sc]e\b", re.IGNORECASE), "LicenseRef-ZapSplat"),
    (re.compile(r"\bsonniss\b.*\blicen[sc]e\b|\bgdc\b.*\blicen[sc]e\b", re.IGNORECASE), "LicenseRef-Sonniss-GDC"),
    (re.compile(r"\broyalty[\s-]?free\b", re.IGNORECASE), ROYALTY_FREE),
)
_REF = re.compile(r"licenseref-[a-z0-9.-]+", re.IGNORECASE)
_COMMONS = re.compile(r"\b(?:cc|creative commons)\b[\s:_-]*(?:licen[sc]e\b)?[\s:_-]*(.*)", re.IGNORECASE)
_ADDRESS = re.compile(
    r"creativecommons\.org/(?:licen[sc]es|publicdomain)/([a-z]+[a-z+-]*)(?:/(\d\.\d))?", re.IGNORECASE
)
_SAMPLING = re.compile(r"\b(nc|non-?\s?commercial)?[\s-]*sampling\s?(?:\+|plus\b)", re.IGNORECASE)
# Openverse writes a licence as its short name: "by-nc", "by-sa 3.0".
_SHORT = re.compile(r"by(?:-nc)?(?:-sa|-nd)?(?:[\s-]\d\.\d)?")
_VERSION = re.compile(r"\d\.\d")
_PARTS = (
    ("NC", re.compile(r"\bnc\b|non-?\s?commercial", re.IGNORECASE)),
    ("ND", re.compile(r"\bnd\b|no-?\s?deriv", re.IGNORECASE)),
    ("SA", re.compile(r"\bsa\b|share-?\s?alike", re.IGNORECASE)),
)
_FAMILY = re.compile(r"(cc-by(?:-nc)?(?:-sa|-nd)?)-\d\.\d(?:-[a-z]{2,3})?")
_KINDS = ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd")

# Texts of licences: by the titles, addresses and identifiers in them, then by sentences of their own.
_FILE_NAME = re.compile(r"(?:_readme_and_)?(?:un)?licen[sc]es?(?:[-_ .].*)?|copying", re.IGNORECASE)
_FILE_SUFFIXES = ("", ".txt", ".md", ".rst")
_TITLE = (
    r"(?:creative commons|cc)[\s:_-]*(?:by\b|attribution)[a-z\s-]{0,60}?(?:\bv?\d\.\d|\blicen[sc]e)|"
    r"\battribution(?:[\s-]*(?:non-?commercial|share-?alike|no-?deriv(?:ative)?s))*,?\s*(?:version )?\d\.\d|"
    r"\bcc[\s-]?by(?:-nc|-sa|-nd)*\b(?:[\s-]v?\d\.\d)?|\bcc[\s-]?(?:0|zero)\b|creative commons (?:0|zero)\b|"
    r"\b(?:nc[\s-]*)?sampling\s?(?:\+|plus)\s1\.0"
)
_MENTION = re.compile(rf"{_ADDRESS.pattern}|{_TITLE}", re.IGNORECASE)
_CODE = re.compile(r"is not a law firm|the work \(as defined below\)", re.IGNORECASE)
_SENTENCES = (
    (r"free and unencumbered software released into the public domain", "Unlicense"),
    (r"permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    (r"apache license,? version 2\.0", "Apache-2.0"),
    (r"neither the name .{1,200} nor the names? of", "BSD-3-Clause"),
    (r"gnu general public license version 3", "GPL-3.0-only"),
    (r"gnu general public license version 2", "GPL-2.0-only"),
    (r"do what the fuck you want to public license", "WTFPL"),
)
_WEAK = (
    (r"(?<!not in the )(?<!not part of the )\bpublic domain\b", PUBLIC_DOMAIN),
    (r"\broyalty[\s-]?free\b", ROYALTY_FREE),
    (r"\ball rights reserved\b", RESERVED),
)
MAX_FILE_TEXT = 64_000


@dataclass(frozen=True)
class Terms:
    """What a licence asks, as far as it bears on a scored video.

    credit: name author, source and licence. non_commercial: no use for money. share_alike: the video goes under the
    same licence. no_adaptation: a video with the sound in it may not be shared. known: whether we know the terms.
    """

    credit: bool
    non_commercial: bool = False
    share_alike: bool = False
    no_adaptation: bool = False
    known: bool = True


def normalise(text: str) -> str:
    """The SPDX identifier that a licence's name or address means, or "" when it is none that we know.

    What stands before the first ';' names the licence. A Creative Commons version that is not there is taken from
    the rest of the text, else to be 4.0; ports to a country go by the licence that they are ports of. What is a
    statement and no licence ("public domain", "royalty free") becomes a `LicenseRef-`.
    """
    text = " ".join(text[: 2 * MAX_TEXT].replace("_", " ").split())[:MAX_TEXT]
    first = text.split(";")[0].strip()
    version = _VERSION.search(first) or _VERSION.search(text)
    newest = version[0] if version else NEWEST
    address = _ADDRESS.search(first)
    if address:
        return _address(address[1].lower().rstrip("-"), address[2] or newest)
    lowered = first.casefold().strip(" .")
    if lowered in _OTHERS:
        return _OTHERS[lowered]
    if _REF.fullmatch(first):
        return f"LicenseRef-{first[11:]}"
    if re.search(r"\bcc[\s-]?(?:0|zero)\b|creative commons (?:0|zero)\b", lowered):
        return "CC0-1.0"
    if re.search(r"\bpublic domain\b", lowered):
        return PUBLIC_DOMAIN
    sampling = _SAMPLING.search(first)
    if sampling:
        return _sampling(bool(sampling[1]))
    if _SHORT.fullmatch(lowered):
        return _attribution(first, newest)
    commons = _COMMONS.search(first)
    if commons and re.match(r"by\b|attribution", commons[1], re.IGNORECASE):
        return _attribution(commons[1], newest)
    if re.match(r"attribution\b", lowered):
        return _attribution(first, newest)
    return next((name for pattern, name in _TERMS if pattern.search(first)), "")


def is_licence_file(name: str) -> bool:
    """Whether a file of that name says under which licence its folder is: LICENSE, COPYING.txt, licence-sounds.md."""
    path = PurePath(name)
    return path.suffix.lower() in _FILE_SUFFIXES and bool(_FILE_NAME.fullmatch(path.stem))


def of_folder(text: str) -> str:
    """The licence that the text of a LICENSE file gives, or "" when it gives none, or more than one.

    Known are the legal texts of Creative Commons and of some software licences, the sentences with which people
    refer to them, and the file that comes with packs of Freesound. At most 64,000 characters are read.
    """
    text = " ".join(text[:MAX_FILE_TEXT].split())
    legal = _CODE.search(text)
    if legal:
        # A legal text speaks of other licences further down; its title stands before it or right after.
        return _one(_mentions(text[: legal.start()])) or next(iter(_mentions(text[legal.start() :])), "")
    lowered = text.casefold()
    found = _mentions(text) + [name for pattern, name in _SENTENCES if re.search(pattern, lowered)]
    return _one(found) or ("" if found else _one([name for pattern, name in _WEAK if re.search(pattern, lowered)]))


def family(spdx: str) -> str:
    """The licence in any version: "cc0", "cc-by-nc", "public-domain"; "" for what comes in no versions."""
    lowered = spdx.casefold()
    found = _FAMILY.fullmatch(lowered)
    if found:
        return found[1]
    if lowered == "cc0-1.0":
        return "cc0"
    return "public-domain" if lowered in (PUBLIC_DOMAIN.casefold(), "cc-pddc", "cc-pdm-1.0") else ""


def is_known(spdx: str) -> bool:
    """Whether it is an identifier that `normalise` gives, and not "" or words that it could make nothing of."""
    return bool(spdx) and (bool(family(spdx)) or spdx in _OTHERS.values() or spdx.startswith("LicenseRef-"))


def needs_credit(spdx: str) -> bool:
    """Whether whoever publishes the sound must name its author; True where nobody knows."""
    return terms(spdx).credit


def terms(spdx: str) -> Terms:
    """What the licence of that identifier asks; one that isn't known may ask anything, and `known` is False."""
    kind = family(spdx)
    if kind in ("cc0", "public-domain") or spdx in ("0BSD", "MIT-0", "Unlicense", "WTFPL"):
        return Terms(credit=False)
    if kind.startswith("cc-by"):
        parts = kind.split("-")
        return Terms(True, "nc" in parts, "sa" in parts, "nd" in parts)
    if "Sampling-Plus" in spdx:
        return Terms(True, non_commercial="-NC-" in spdx)
    if spdx == "LicenseRef-BBC-RemArc":
        return Terms(True, non_commercial=True)
    if spdx in (ROYALTY_FREE, "LicenseRef-Pixabay", "LicenseRef-Mixkit", "LicenseRef-Sonniss-GDC"):
        return Terms(credit=False)
    return Terms(credit=True, known=is_known(spdx) and spdx != RESERVED)


def address(spdx: str) -> str:
    """Where the licence can be read; "" when we know no address."""
    kind = family(spdx)
    if kind == "cc0":
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    if kind.startswith("cc-by"):
        version = _VERSION.search(spdx)
        assert version is not None  # the family's pattern has one
        return f"https://creativecommons.org/licenses/{kind[3:]}/{version[0]}/"
    if "Sampling-Plus" in spdx:
        return f"https://creativecommons.org/licenses/{'nc-' if '-NC-' in spdx else ''}sampling+/1.0/"
    if spdx in _OTHERS.values() and not spdx.startswith("LicenseRef-"):
        return f"https://spdx.org/licenses/{spdx}.html"
    return ""


def title(spdx: str) -> str:
    """The licence as people call it: "CC BY-NC 4.0", "public domain"."""
    kind = family(spdx)
    if kind.startswith("cc"):
        version = _VERSION.search(spdx)
        return f"{kind.upper().replace('CC-', 'CC ', 1)} {version[0] if version else ''}".rstrip()
    return spdx.removeprefix("LicenseRef-").replace("-", " ") if spdx.startswith("LicenseRef-") else spdx


def _address(kind: str, version: str) -> str:
    if kind == "zero":
        return "CC0-1.0"
    if kind == "publicdomain":
        return "CC-PDDC"
    if kind == "mark":
        return PUBLIC_DOMAIN
    if kind in ("sampling+", "nc-sampling+"):
        return _sampling(kind.startswith("nc"))
    return f"CC-{kind.upper()}-{version}" if kind in _KINDS else ""


def _sampling(non_commercial: bool) -> str:
    return f"LicenseRef-CC{'-NC' if non_commercial else ''}-Sampling-Plus-1.0"


def _attribution(text: str, version: str) -> str:
    found = [name for name, pattern in _PARTS if pattern.search(text)]
    if "ND" in found and "SA" in found:
        return ""
    return "-".join(["CC-BY", *found, version])


def _mentions(text: str) -> list[str]:
    """The licences of Creative Commons that a text names, in its order; one without a version means the one with."""
    found = [(normalise(mention[0]), bool(_VERSION.search(mention[0]))) for mention in _MENTION.finditer(text)]
    exact = {family(name) for name, versioned in found if versioned}
    return [name for name, versioned in found if name and (versioned or family(name) not in exact)]


def _one(names: list[str]) -> str:
    """The one licence that all the names mean, "" when they mean several."""
    distinct = dict.fromkeys(names)
    return next(iter(distinct)) if len(distinct) == 1 else ""
