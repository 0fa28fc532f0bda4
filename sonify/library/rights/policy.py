"""Which licences may be used: `--licence cc0,cc-by`, the setting `library.licences`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from sonify.cues import Cue, CueSheet
from sonify.errors import LibraryError, SettingsError
from sonify.library.rights.credits import Lookup
from sonify.library.rights.licences import family, is_known, normalise

FAMILIES = (
    "cc0",
    "public-domain",
    "cc-by",
    "cc-by-sa",
    "cc-by-nd",
    "cc-by-nc",
    "cc-by-nc-sa",
    "cc-by-nc-nd",
)
ANY = "any"
# What people write for them.
_ALSO = {
    "cc-0": "cc0",
    "cc-zero": "cc0",
    "pd": "public-domain",
    "publicdomain": "public-domain",
    "pdm": "public-domain",
    "by": "cc-by",
    **{name.removeprefix("cc-"): name for name in FAMILIES if name.startswith("cc-by-")},
}


@dataclass(frozen=True)
class Policy:
    """The licences that may be used; without terms, any.

    A term is a family, which allows its licence in any version, or an SPDX identifier. "cc-by" allows CC-BY-3.0 and
    CC-BY-4.0, and neither CC-BY-NC-4.0 nor CC0-1.0: whoever wants both names both.
    """

    terms: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is forbidden."""
        return bool(self.terms)

    def __str__(self) -> str:
        """As `parse` reads it."""
        return ",".join(self.terms)

    def allows(self, spdx: str) -> bool:
        """Whether a sound of that licence may be used. One that is missing or not known may not, under any policy."""
        return not self.terms or (bool(spdx) and (family(spdx) in self.terms or spdx in self.terms))


def parse(text: str | Iterable[str]) -> Policy:
    """The policy of "cc0,cc-by" or ["cc0", "cc-by"]; "" and "any" allow everything.

    Raises SettingsError, with the nearest term, for one that isn't known.
    """
    words = [word.strip() for word in (text.split(",") if isinstance(text, str) else text)]
    if [word.casefold() for word in words] == [ANY]:
        return Policy()
    return Policy(tuple(dict.fromkeys(_term(word) for word in words if word)))


def enforce(policy: Policy, sheet: CueSheet, lookup: Lookup) -> None:
    """Raises LibraryError, which names the sounds, where a sheet uses some that the policy doesn't allow.

    What the library says now counts, not what the sheet says: anyone may write a licence into a sheet.
    """
    if not policy:
        return
    refused: dict[str, str] = {}
    for cue in sheet.cues:
        record = lookup(cue.sound)
        licence = record.licence if record else ""
        if not policy.allows(licence):
            refused.setdefault(f"{cue.sound.library}: {cue.sound.path}", _why(cue, licence))
    if refused:
        told = [f"{sound} {why}" for sound, why in list(refused.items())[:3]]
        more = f" and {len(refused) - 3} more" if len(refused) > 3 else ""
        raise LibraryError(
            f"{policy} doesn't allow what the cue sheet uses: {'; '.join(told)}{more}",
            hint="choose other sounds for these cues, or allow more with --licence (library.licences)",
        )


def _why(cue: Cue, licence: str) -> str:
    under = f"is under {licence}" if licence else "has no licence that we know"
    claim = cue.sound.licence
    return f"{under} (the sheet says {claim})" if claim and claim != licence else under


def _term(word: str) -> str:
    plain = "-".join(word.casefold().replace("_", " ").split())
    plain = _ALSO.get(plain, plain)
    if plain in FAMILIES:
        return plain
    spdx = normalise(word)
    # "CC licence", "attribution" and the like mean a licence without saying its version: that is no identifier.
    if is_known(spdx) and spdx.casefold() in (plain, f"licenseref-{plain}"):
        return spdx
    near = difflib.get_close_matches(plain, FAMILIES, n=2, cutoff=0.6)
    meant = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(FAMILIES)}"
    raise SettingsError(f"there is no licence {word!r}", hint=f"{meant} (or an SPDX identifier such as CC-BY-4.0)")
