"""Visual phrases: by which words an image-text model should look for what makes a sound.

`phrases.csv` says it for the labels that libraries use most; for others the label's own words must do.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import cast

from sonify.library.labels.words import plain, singular, word_set, words
from sonify.library.records import SoundKind

_TABLE = Path(__file__).with_name("phrases.csv")
_CATEGORIES = Path(__file__).with_name("ucs.csv")

# Words about the recording or about sound as such: they say nothing of what is heard.
SOUND_WORDS = word_set(
    """
    sound sounds noise noises audio sfx fx effect effects foley field recording recorded recordings loop loops looped
    looping loopable seamless mono stereo binaural surround take version variation short long single multiple various
    close closeup distant far near onboard loud soft quiet heavy light medium slow fast big small large little old
    new clean dry wet once twice high low deep constant steady continuous intermittent gentle interior exterior int
    ext background bg bgs general generic misc miscellaneous real realistic
    """
)
# What emitters do when they sound: "dog barking" is looked for as a dog.
SOUND_VERBS = word_set(
    """
    barking bark barks ringing ring rings passing pass passes passby by flyby driving drive starting start starts
    stopping stop idling idle revving rev accelerating running run runs crackling crackle crackles burning chirping
    chirp chirps tweeting tweet singing sings song calling call calls crying cries howling howl growling growl purring
    purr meowing meow mooing moo neighing neigh bleating bleat quacking quack honking honk squawking squawk croaking
    croak buzzing buzz hissing hiss roaring roar rumbling rumble humming hum ticking tick beeping beep clicking click
    clicks clacking clack clattering clatter rattling rattle squeaking squeak squealing squeal creaking creak slamming
    slam knocking knock hitting hit hits banging bang breaking break breaks shattering shatter smashing smash dripping
    drip drips flowing flow trickling pouring pour splashing splash bubbling bubble blowing blow gusting gust howls
    falling fall opening open opens closing close closes shutting shut turning moving movement playing play plays
    played strumming strum plucking pluck beating beat sounding blaring wailing whining whine whirring whir droning
    exploding firing fired shooting shot shots launching landing takeoff taking off
    cutting spinning rolling crowing
    sizzling boiling vocalization vocalizing vocalisation rustling tinkling jingling chiming tolling tooting
    """
)
# Words that only count where nothing more particular is said: "animals cow moo" is a cow.
GENERAL_WORDS = word_set(
    """
    animal vehicle people person crowd water wood metal glass machine machinery tool sport music instrument weather
    city room house home nature creature monster weapon liquid building impact object door engine voice
    """
)
# When or in what weather it was: the emitter or the place says more.
_SETTING_WORDS = word_set(
    "early late morning evening night nighttime windy dawn outside outdoor indoor indoors echo reverb summer winter"
)
# Words of which a longer one may be made: "Kirchenglocken", "latenighttraffic".
LEAST_PART = 5
# Categories whose words name things: they are looked for by that name too.
_THINGS = ("ANML", "BIRD", "OBJ", "TOOL", "TOY", "VEH", "MACH", "BOAT", "AERO", "TRN")
_VOWEL = re.compile(r"(?!uni|use|eu|one)[aeiou]")
# After these words of a name stands what the emitter is at or against, not the emitter.
_PREPOSITIONS = word_set("of for by on onto in into inside with at from over under against near through behind")


@dataclass(frozen=True)
class Look:
    """How to look for a label: `key` is the entry of the table that fits it, "" when none does.

    certain: the label is that entry, give or take words about sound; else the entry is only part of it.
    """

    key: str
    kind: SoundKind
    phrases: tuple[str, ...]
    certain: bool = False


def look(label: str, *, bed: bool = False) -> Look:
    """Kind and visual phrases of a label, from the table or else from its own words.

    Tried in turn: the label as it is; without words about sound; without what emitters do; then the best entry among
    its words (longest, and before any "by", "on" or "in"). Of a bed, places come before emitters.
    """
    return _find(label, bed) or Look("", "effect", own_phrases(label))


def known(label: str, *, bed: bool = False) -> Look | None:
    """Like `look`, but None when the table has nothing for the label."""
    return _find(label, bed)


def own_phrases(label: str) -> tuple[str, ...]:
    """The label's own words as phrases: "motor scooter starting" -> "motor scooter starting", "a motor scooter"."""
    full = [word for word in words(label) if word not in SOUND_WORDS and not word.isdigit()]
    if not any(len(word) > 2 and word not in SOUND_VERBS for word in full):
        return ()
    noun = list(full)
    while len(noun) > 1 and noun[-1] in SOUND_VERBS:
        noun.pop()
    named = " ".join(noun)
    if singular(noun[-1]) == noun[-1] and named.isascii():
        named = f"{'an' if _VOWEL.match(named) else 'a'} {named}"
    return tuple(dict.fromkeys((named, " ".join(full)))) if noun != full else (named,)


@lru_cache(maxsize=4096)
def _find(label: str, bed: bool) -> Look | None:
    full = _stem(words(label))
    named = tuple(word for word in full if word not in SOUND_WORDS)
    still = tuple(word for word in named if word not in SOUND_VERBS)
    table = _index()
    for candidate in (full, named, still):
        if candidate in table:
            return table[candidate]
    head = next((at for at, word in enumerate(full) if word in _PREPOSITIONS and at), len(full))
    entries = [*_contained(full[:head], bed), *_contained(full, bed)]
    unseen: set[str] = set()
    for entry in entries:
        stems = _stem(entry.key.split())
        # A slide whistle is no whistle.
        if entry.phrases and not unseen.issuperset(stems):
            return replace(entry, certain=False)
        if not entry.phrases and len(stems) > 1:
            unseen.update(stems)
    if entries:
        return replace(entries[0], certain=False)
    return next((replace(part, certain=False) for word in full if (part := _part_of(word))), None)


def _part_of(word: str) -> Look | None:
    """The entry that an unknown word ends in, else the one that it begins with."""
    longest_first = range(1, len(word) - LEAST_PART + 1)
    parts = [word[at:] for at in longest_first] + [word[:-at] for at in longest_first]
    return next((entry for part in parts if (entry := _index().get((singular(part),)))), None)


def _contained(stems: tuple[str, ...], bed: bool) -> list[Look]:
    """Entries among the words, best first: the longer, the particular before the general, an emitter before a
    place, those that are no sound before those that are, the first of several."""
    table = _index()
    found = []
    for length in range(min(len(stems), _longest()), 0, -1):
        for start in range(len(stems) - length + 1):
            part = stems[start : start + length]
            entry = table.get(part)
            if entry:
                vague = length == 1 and part[0] in GENERAL_WORDS and not bed
                setting = _SETTING_WORDS.issuperset(part)
                heard = length == 1 and part[0] in SOUND_VERBS
                misplaced = (entry.kind == "ambience") is not bed
                found.append(((setting, bed and misplaced, -length, heard, vague, misplaced, start), entry))
    return [entry for _, entry in sorted(found, key=lambda item: item[0])]


def _stem(label: Iterable[str]) -> tuple[str, ...]:
    return tuple(singular(plain(word)) for word in label if not word.isdigit())


@cache
def _index() -> dict[tuple[str, ...], Look]:
    table: dict[tuple[str, ...], Look] = {}
    with _TABLE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            phrases = tuple(phrase.strip() for phrase in row["phrases"].split(";") if phrase.strip())
            kind = cast(SoundKind, row["kind"])
            for key in row["keys"].split(";"):
                table.setdefault(_stem(words(key)), Look(" ".join(words(key)), kind, phrases, certain=True))
    for row in _categories():
        own = table.get(_stem(words(row["label"])))
        phrases = () if row["phrases"] == "-" or own is None else own.phrases
        kind = cast(SoundKind, row["kind"] or (own.kind if own else "effect"))
        for word in filter(None, row["words"].split(";")):
            named = own_phrases(word)[:1] if phrases and row["catid"].startswith(_THINGS) else ()
            seen = tuple(dict.fromkeys((*named, *phrases)))[:4]
            table.setdefault(_stem(words(word)), Look(" ".join(words(word)), kind, seen, certain=True))
    return table


def _categories() -> list[dict[str, str]]:
    """The categories of UCS with words of our own, whose label says what is to be seen."""
    with _CATEGORIES.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def _longest() -> int:
    return max(map(len, _index()))
