"""The text that lies in every pack of sounds from Freesound: which sound is whose, and under which licence.

Its form is that of Freesound's own templates (MTG/freesound, templates/sounds/pack_attribution.txt).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NAME = "_readme_and_license.txt"
_FIRST = re.compile(r"\A\W*(?:sound )?\w+ downloaded from freesound", re.IGNORECASE)
_USER = re.compile(r"^ ?- (\S+) \( \S+/people/\S+ \)")
_DEED = re.compile(r"^([^:*]{3,80}): (https?://\S*creativecommons\.org/\S+)$")
_SOUND = re.compile(r"^\s{1,4}\* (.+)$")
_TOLD = re.compile(r"^\s{2,8}\* (url|license): (.+)$")


def read_pack(text: str) -> Iterator[dict[str, str]]:
    """A row for each sound, with `file`, `licence`, `source_url` and `author` as far as they are known.

    Nothing where the text is not of a pack.
    """
    if not _FIRST.match(text[:200]):
        return
    users: list[str] = []
    deeds: dict[str, str] = {}
    row: dict[str, str] = {}
    for line in text.splitlines():
        told, sound = _TOLD.match(line), _SOUND.match(line)
        if told and row:
            name, said = told[1], told[2].strip()
            row["source_url" if name == "url" else "licence"] = said if name == "url" else deeds.get(said, said)
        elif sound:
            yield from [row] if row else []
            row = {"file": sound[1].strip(), "author": _author(sound[1], users)}
        elif user := _USER.match(line):
            users.append(user[1])
        elif deed := _DEED.match(line):
            deeds[deed[1].strip()] = deed[2]
    yield from [row] if row else []


def _author(file: str, users: list[str]) -> str:
    """The name that stands in the file's, as in 78955__jo__aspen-tree.wav, as its owner writes it."""
    parts = file.split("__")
    named = parts[1] if len(parts) > 2 and parts[0].isdigit() else ""
    written = {user.casefold(): user for user in users}
    return written.get(named.casefold(), named) or (users[0] if len(users) == 1 else "")
