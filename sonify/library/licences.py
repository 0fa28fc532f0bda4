"""Licences by one name each: their SPDX identifier (spdx.org/licenses)."""

from __future__ import annotations

import re

_CC = re.compile(r"\b(?:cc|creative commons)\b[\s:_-]*(?:licen[sc]e\b)?[\s:_-]*(.*)", re.IGNORECASE)
_URL = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/([a-z+-]+)(?:/(\d\.\d))?", re.IGNORECASE)
_VERSION = re.compile(r"\d\.\d")
_PARTS = (
    ("NC", re.compile(r"\bnc\b|non-?\s?commercial", re.IGNORECASE)),
    ("ND", re.compile(r"\bnd\b|no-?\s?deriv", re.IGNORECASE)),
    ("SA", re.compile(r"\bsa\b|share-?\s?alike", re.IGNORECASE)),
)
_OTHERS = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "mit license": "MIT",
    "unlicense": "Unlicense",
}
NEWEST = "4.0"


def normalise(text: str) -> str:
    """The SPDX identifier that a licence's name or address means, or "" when it is none that we know.

    What stands before the first ';' names the licence. A Creative Commons version that is not there is taken from
    the rest of the text, else to be 4.0. "Public domain" is a statement, not a licence: `LicenseRef-public-domain`.
    """
    text = " ".join(text.split())[:500]
    first = text.split(";")[0]
    version = _VERSION.search(first) or _VERSION.search(text)
    newest = version[0] if version else NEWEST
    address = _URL.search(first)
    if address:
        return _address(address[1].lower(), address[2] or newest)
    lowered = first.casefold().strip(" .")
    if lowered in _OTHERS:
        return _OTHERS[lowered]
    if re.search(r"\bcc[\s-]?(?:0|zero)\b|creative commons (?:0|zero)\b", lowered):
        return "CC0-1.0"
    if re.search(r"\bpublic domain\b", lowered):
        return "LicenseRef-public-domain"
    commons = _CC.search(first)
    if commons and re.match(r"by\b|attribution", commons[1], re.IGNORECASE):
        return _attribution(commons[1], newest)
    if re.match(r"attribution\b", lowered):
        return _attribution(first, newest)
    return ""


def _address(kind: str, version: str) -> str:
    if kind in ("zero", "publicdomain"):
        return "CC0-1.0"
    if kind == "mark":
        return "LicenseRef-public-domain"
    if kind not in ("by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd"):
        return ""
    return f"CC-{kind.upper()}-{version}"


def _attribution(text: str, version: str) -> str:
    found = [name for name, pattern in _PARTS if pattern.search(text)]
    if "ND" in found and "SA" in found:
        return ""
    return "-".join(["CC-BY", *found, version])
