"""What a sound may be, according to each that says something of it, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sonify.library.labels import names, ucs
from sonify.library.labels.phrases import GENERAL_WORDS, Look, known, look
from sonify.library.labels.words import normalise, word_set
from sonify.library.metadata.sidecar import Row
from sonify.library.records import SOURCES, LabelSource, SoundKind, Tags

# Set by hand so that the order comes out as documented; the labels of tests/names_300.csv were not fitted to them.
SAID_BY_A_TABLE = 0.95
A_CATEGORY = 0.9
TITLE_OF_A_CATEGORY = 0.9
WHOLE_TAG, PART_OF_TAG, WORD_OF_TAG = 0.75, 0.55, 0.45
WHOLE_NAME, PART_OF_NAME, UNKNOWN_NAME = 0.7, 0.5, 0.2
WHOLE_FOLDER, PART_OF_FOLDER, UNKNOWN_FOLDER = 0.65, 0.45, 0.1
# What is less sure than this stands behind all that is surer, whoever says it.
SURE = 0.6

# What programs write where nobody has said anything.
_SAYS_NOTHING = word_set("other misc unknown unnamed untitled label sound audio")

_BEDS = (
    "ambience;ambiences;ambient;ambiance;ambiances;atmos;atmosphere;atmospheres;background;backgrounds;bed;beds;bgs;"
    "room tone;room tones;soundscape;soundscapes"
)
_EFFECTS = "effect;effects;sfx;foley;hard effects;one shots"
_MUSIC = "music;songs;soundtrack;soundtracks;score;scores;music loops;music beds"
_SPEECH = "speech;dialogue;dialog;dialogues;voice over;voice overs;voiceover;voiceovers;narration"
_KIND_FOLDERS: Mapping[str, SoundKind] = {
    **dict.fromkeys(_BEDS.split(";"), "ambience"),
    **dict.fromkeys(_EFFECTS.split(";"), "effect"),
    **dict.fromkeys(_MUSIC.split(";"), "music"),
    **dict.fromkeys(_SPEECH.split(";"), "speech"),
}


@dataclass(frozen=True)
class Guess:
    """One label that a source gives a sound, and what follows from it.

    stated_kind: the kind where the source itself says it, None where it is only the label's own.
    """

    text: str
    source: LabelSource
    confidence: float
    kind: SoundKind = "effect"
    phrases: tuple[str, ...] = ()
    category: str = ""
    stated_kind: SoundKind | None = None


def ordered(guesses: Iterable[Guess]) -> tuple[Guess, ...]:
    """The sure ones before the unsure, then by trust in who says it; each label once.

    A folder and a name are trusted alike: of the two the surer comes first.
    """
    trust = {source: rank for rank, source in enumerate(SOURCES)} | {"folder": len(SOURCES)}
    trust["name"] = trust["folder"]
    best = sorted(guesses, key=lambda one: (one.confidence < SURE, trust[one.source], -one.confidence))
    unique: dict[str, Guess] = {}
    for guess in best:
        unique.setdefault(guess.text, guess)
    return tuple(unique.values())


def from_sidecar(told: Row) -> Iterator[Guess]:
    """The label of a table, or its category; its description helps where there is neither."""
    label = normalise(told.get("label", ""))
    category = ucs.find(told.get("category", ""))
    if label:
        found = look(label)
        own = category.catid if category else ucs.category_of(label)
        yield Guess(label, "sidecar", SAID_BY_A_TABLE, found.kind, found.phrases, own)
    elif category:
        yield _of_category(category, names.clean(told.get("title", "")), "sidecar", SAID_BY_A_TABLE)
    elif normalise(told.get("category", "")):
        yield _of_words(normalise(told["category"]), "sidecar", SAID_BY_A_TABLE)
    for column, confidence in (("title", WHOLE_TAG), ("description", SURE), ("keywords", WORD_OF_TAG)):
        found_here = known(told.get(column, ""))
        if found_here:
            yield _of_look(found_here, found_here.key, "sidecar", confidence)


def from_tags(tags: Tags) -> Iterator[Guess]:
    """What a file says of itself: a category, else a title, else words of its description or keywords."""
    category = ucs.find(tags.category)
    title = names.clean(tags.title)
    if category:
        yield _of_category(category, title, "tags", A_CATEGORY)
    if title and (found := known(title)):
        label, confidence = (title, WHOLE_TAG) if found.certain else (found.key, PART_OF_TAG)
        yield _of_look(found, label, "tags", confidence)
    if not category and not names.genre_kind(tags.category):
        yield from _known_in(names.clean(tags.category))
    yield from _known_in(tags.description)
    yield from _known_in(tags.keywords)


def _known_in(text: str) -> Iterator[Guess]:
    found = known(text)
    if found and found.key not in _SAYS_NOTHING:
        # "Animals" says less than any word of a title.
        vague = set(found.key.split()) <= GENERAL_WORDS
        yield _of_look(found, found.key, "tags", WHOLE_TAG if found.certain and not vague else WORD_OF_TAG)


def from_ucs(named: ucs.Named | None) -> Iterator[Guess]:
    """The category of a UCS name."""
    if named:
        phrases = () if named.category.blind else look(named.label).phrases
        kind = named.category.kind or look(named.label).kind
        yield Guess(
            named.label, "ucs", A_CATEGORY, kind, phrases, named.category.catid, stated_kind=named.category.kind
        )


def from_names(folders: list[str], stem: str, *, in_ucs: bool = False) -> Iterator[Guess]:
    """The file's own name and the two folders above it."""
    own = "" if in_ucs else names.clean(stem)
    bed = named_kind(folders, stem) == "ambience"
    if own:
        yield _of_name(own, "name", (WHOLE_NAME, PART_OF_NAME, UNKNOWN_NAME), bed)
    # The nearest folder with words counts more than the next.
    above = [label for label in (names.clean(folder) for folder in reversed(folders)) if label]
    named = [label for label in above if not (own and label in _KIND_FOLDERS)]
    for rank, label in enumerate(named[:2]):
        less = 0.01 * rank
        yield _of_name(label, "folder", (WHOLE_FOLDER - less, PART_OF_FOLDER - less, UNKNOWN_FOLDER - less), bed)


def named_kind(folders: list[str], stem: str) -> SoundKind | None:
    """The kind that the file's name, or else the nearest folder's, says."""
    told = names.said_kind(stem)
    if told:
        return told
    kinds = (_KIND_FOLDERS.get(normalise(folder)) for folder in reversed(folders))
    return next((kind for kind in kinds if kind), None)


def _of_category(category: ucs.Category, title: str, source: LabelSource, confidence: float) -> Guess:
    label = ucs.label_of(category, title)
    found = look(label)
    phrases = () if category.blind else found.phrases
    return Guess(
        label, source, confidence, category.kind or found.kind, phrases, category.catid, stated_kind=category.kind
    )


def _of_words(label: str, source: LabelSource, confidence: float) -> Guess:
    found = look(label)
    return _of_look(found, label, source, confidence)


def _of_look(found: Look, label: str, source: LabelSource, confidence: float) -> Guess:
    return Guess(label, source, confidence, found.kind, found.phrases, ucs.category_of(label))


def _of_name(label: str, source: LabelSource, sure: tuple[float, float, float], bed: bool) -> Guess:
    """sure: how sure a name is that we know as a whole, in part, not at all."""
    whole, part, unknown = sure
    found = look(label, bed=bed)
    confidence = unknown if not found.key else whole if found.certain else part
    return Guess(label, source, confidence, found.kind, found.phrases, ucs.category_of(label, bed=bed))
