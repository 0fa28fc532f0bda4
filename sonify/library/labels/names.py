"""Labels from file names that follow no convention: "dog_bark_05.wav" -> "dog bark"."""

from __future__ import annotations

import re
from functools import lru_cache

from sonify.library.labels.phrases import SOUND_WORDS, known
from sonify.library.labels.words import normalise, word_set, words
from sonify.library.records import SoundKind

MAX_WORDS = 6
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
# What recordists and vendors add: takes, microphones, formats, sites.
_NOISE = word_set(
    """
    take tk var variant alt edit edited final mix master mastered raw wav wave aif aiff flac ogg mp opus khz hz bit
    bits ch lr ms xy ortf mkh sanken zoom h1 h4 h4n h5 h6 tascam dr mic micd freesound freesoundorg soundbible com www
    sfxkit kit pack library lib vol part pt copy untitled unnamed audacity normalized normalised trimmed cut export
    bounce bip seq rec rev fade sample samples db lufs left right oneshot shot1 pixabay zapsplat epidemic boom
    soundsnap sonniss gdc bbc mixkit community voc track bpm zapsplatcom
    """
)
_KEEP_SHORT = word_set("ak ac tv uv ax ox cd up by on in at of to no go dj pc ui ufo atv suv rv")
# A name that begins so is that of a bed, whatever can be heard in it.
BED_WORDS = word_set("amb ambience ambiance ambient atmos atmo atmosphere soundscape roomtone")
SPEECH_WORDS = word_set("vo dx dialogue dialog voiceover narration")
MUSIC_WORDS = word_set("music mus mx song soundtrack musicbed")
_GENRES_OF_EFFECTS = word_set("effect effects sfx fx foley sound")
_GENRES_OF_SPEECH = word_set("speech spoken audiobook podcast dialogue dialog voiceover narration interview")
_GENRES_OF_MUSIC = word_set(
    """
    music song rock pop jazz blues classical electronic electronica techno house trance dance folk country metal punk
    reggae soul funk disco rap hip hop latin orchestral symphony opera soundtrack instrumental cinematic lofi edm
    dubstep gospel acoustic score trailer
    """
)
_CODE = re.compile(r"([A-Z]{1,5})\d{4,}[A-Z]?$")
_FIELD_RECORDING = re.compile(r"field[\s_-]*record(?:ings?|er|ed)", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"(?=.*\d)[0-9a-f]{6,}$")


@lru_cache(maxsize=4096)
def clean(name: str) -> str:
    """The label that a free file or folder name means (without its suffix), "" when it has no words.

    Numbers, takes, camel case, microphones, formats and codes are taken away; at most six words stay.
    """
    apart = (_CAMEL.sub(" ", chunk) for chunk in _chunks(name))
    found = [word for word in words(" ".join(apart)) if _means(word)]
    # A field is a place, a field recording is not.
    while len(found) > 1 and (found[-1] in SOUND_WORDS - {"field"} or found[-1] in BED_WORDS):
        found.pop()
    while len(found) > 1 and found[0] in BED_WORDS:
        found.pop(0)
    # "Copy of dog", where "copy" has gone.
    while len(found) > 1 and found[0] == "of":
        found.pop(0)
    while len(found) > 1 and found[0] in {"sfx", "fx", "sound", "sounds", "effect", "effects", "foley"}:
        found.pop(0)
    if all(word in SOUND_WORDS for word in found):
        return ""
    return normalise(" ".join(found[:MAX_WORDS]))


def said_kind(name: str) -> SoundKind | None:
    """The kind that a free file name says: "Amb_Forest_01" is a bed, "VO_Intro_03" speech, None when it says none."""
    said = words(_CAMEL.sub(" ", name.replace("_", " ")))
    found = [word for word in said if word not in SOUND_WORDS and not word.isdigit()]
    if not found:
        return None
    # "Ambience Forest", "Forest Ambience"; a bed in between is something else, as in "dog in ambience kit".
    if found[0] in BED_WORDS or found[-1] in BED_WORDS:
        return "ambience"
    if found[0] in SPEECH_WORDS:
        return "speech"
    return "music" if found[0] in MUSIC_WORDS or found[-1] == "song" else None


def genre_kind(genre: str) -> SoundKind | None:
    """The kind that a genre or a free category in a tag means: "Rock" is music; None when it says nothing."""
    found = frozenset(words(genre))
    if found & _GENRES_OF_EFFECTS:
        return None
    if found & BED_WORDS:
        return "ambience"
    if found & _GENRES_OF_SPEECH:
        return "speech"
    return "music" if found & _GENRES_OF_MUSIC else None


def _chunks(name: str) -> list[str]:
    """Parts of a name between separators, without identifiers (a mix of digits and letters, or a long number)."""
    name = _FIELD_RECORDING.sub(" ", name)
    chunks = re.split(r"[\s_\-.,;()\[\]{}#@&+~=!]+", name)
    kept = [chunk for chunk in chunks if chunk and not _HEXADECIMAL.match(chunk.lower()) and not _code(chunk)]
    # Freesound writes NUMBER__AUTHOR__NAME: the author is not what is heard.
    site = re.match(r"\d{2,}__[^_]+(?:_[^_]+)*?__(.+)", name)
    return _chunks(site[1]) if site else kept


def _code(chunk: str) -> bool:
    """Whether a chunk is an archive's number, as "NHU05093028"; "DOG00012" is not."""
    letters = _CODE.match(chunk)
    return letters is not None and known(letters[1].lower()) is None


def _means(word: str) -> bool:
    if word.isdigit() or word in _NOISE:
        return False
    return (word.isalpha() and (len(word) > 2 or word in _KEEP_SHORT)) or "'" in word or not word.isascii()
