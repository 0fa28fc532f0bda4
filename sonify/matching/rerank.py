"""Which of a label's sounds sounds most like it, and which sounds don't sound like their label at all: by CLAP.

Two sounds called "dog barking" are the same to the picture. To CLAP one may be nearer to those words than the other:
a clean bark beats a bark under traffic, and a mislabelled file comes last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonify.library.records import SoundRecord
from sonify.library.sounds import Label, Sound
from sonify.matching.choose import by_fit
from sonify.models.clap.ear import Ear
from sonify.progress import note

Array = NDArray[np.float32]

STEP = 0.05
"""Cosines nearer than this to each other are the same step: what lies between them is no reason to loop a sound.
Chosen, not measured: no weights of CLAP were at hand."""
MOST_HEARD = 32
"""A label may have thousands of sounds. So many of them, those that fit best in length, are listened to."""
LABEL_SHARE = 2 / 3
"""A label's own words say what is heard; its phrases say what is seen, and count for the rest."""


class Reranker:
    """Orders a label's sounds: those that sound most like it first.

    The cosine between sound and label decides, in steps of STEP down from the best one. Within a step it is length,
    as without CLAP (sonify.matching.choose.by_fit): one that lasts the cue beats one that must be looped, then the
    one that wastes least, then the order of the catalogue. A sound that can't be read comes last.
    """

    def __init__(self, ear: Ear) -> None:
        """ear: what listens; its progress is told of sounds that can't be heard."""
        self._ear = ear
        self._likeness: dict[tuple[str, str, str], float | None] = {}
        self._words: dict[str, Array] = {}

    def __call__(self, label: Label, length_s: float) -> list[Sound]:
        """The label's sounds, best first, for a cue of that length. The same input gives the same order."""
        sounds = by_fit(label, length_s)
        heard = sounds[:MOST_HEARD]
        if len(heard) < 2:
            return sounds
        found = self._likenesses(label, heard)
        steps = steps_down(found)
        order = sorted(range(len(heard)), key=lambda n: (steps[n], n))
        return [*(heard[n] for n in order), *sounds[MOST_HEARD:]]

    def _likenesses(self, label: Label, sounds: Sequence[Sound]) -> list[float | None]:
        keys = [(label.text, sound.library, sound.path) for sound in sounds]
        new = [n for n, key in enumerate(keys) if key not in self._likeness]
        if new:
            words = self._label(label)
            vectors, problems = self._ear.hear([sounds[n].file for n in new])
            for place, n in enumerate(new):
                self._likeness[keys[n]] = None if place in problems else float(vectors[place] @ words)
            for problem in problems.values():
                note(self._ear.progress, "listen", problem)
        return [self._likeness[key] for key in keys]

    def _label(self, label: Label) -> Array:
        if label.text not in self._words:
            self._words[label.text] = label_vectors(self._ear, {label.text: label.phrases})[0]
        return self._words[label.text]


def steps_down(likeness: Sequence[float | None]) -> list[int]:
    """How many whole STEPs each cosine lies below the best; None, not heard, lies below all.

    Cosines count to four digits, which are the same on every machine.
    """
    step = round(STEP * 1e4)
    whole = [None if value is None else round(value * 1e4) for value in likeness]
    best = max((value for value in whole if value is not None), default=0)
    return [10**6 if value is None else (best - value) // step for value in whole]


def label_vectors(ear: Ear, labels: Mapping[str, Sequence[str]]) -> Array:
    """One unit vector a label, float32 [len(labels), D], from its own words and its phrases (LABEL_SHARE)."""
    texts = list(dict.fromkeys([*labels, *(phrase for phrases in labels.values() for phrase in phrases)]))
    place = {text: n for n, text in enumerate(texts)}
    read = ear.read(texts)
    found = np.empty((len(labels), read.shape[1]), dtype=np.float32)
    for n, (text, phrases) in enumerate(labels.items()):
        own = read[place[text]]
        seen = read[[place[phrase] for phrase in phrases]].mean(axis=0) if phrases else own
        mixed = LABEL_SHARE * own + (1 - LABEL_SHARE) * seen
        found[n] = mixed / max(float(np.linalg.norm(mixed)), 1e-12)
    return found


MIN_SOUNDS, MIN_LABELS = 20, 10
"""In a smaller library nothing is said: there is too little to compare with."""
CLEARLY = 0.15
"""How far another label must stand out. Chosen, not measured: no weights of CLAP were at hand."""
LAST_SHARE = 0.25
"""The own label must not be among the best quarter."""
ALIKE = 0.8
"""Labels whose words are nearer than this mean the same, and don't contradict each other ("dog", "dog barking")."""
_ROWS = 1024


@dataclass(frozen=True)
class Listened:
    """A library as CLAP hears it.

    sounds: unit vectors float32 [N, D], all zeros where a sound can't be read; labels: L texts; words: their unit
    vectors float32 [L, D].
    """

    sounds: Array
    labels: tuple[str, ...]
    words: Array


@dataclass(frozen=True)
class Contradiction:
    """A sound that doesn't sound like its label.

    heard: the label that stands out most instead. own, best: how far the cosines to the two labels lie over what the
    library's sounds have on average; place: of the own label among all labels, from 1.
    """

    path: str
    label: str
    heard: str
    own: float
    best: float
    place: int
    labels: int

    def __str__(self) -> str:
        return f"{self.path}: called {self.label!r}, sounds more like {self.heard!r}"


def listen(records: Sequence[SoundRecord], root: Path, ear: Ear) -> Listened:
    """Hears the sounds of a library below `root`; what was heard before is not heard again."""
    labels: dict[str, tuple[str, ...]] = {}
    for record in records:
        if record.labels:
            labels.setdefault(record.labels[0].text, record.phrases)
    labels = dict(sorted(labels.items()))
    sounds, _ = ear.hear([root / record.path for record in records])
    return Listened(sounds, tuple(labels), label_vectors(ear, labels))


def contradicted(records: Sequence[SoundRecord], listened: Listened) -> tuple[Contradiction, ...]:
    """The sounds whose label CLAP contradicts, in the order of `records`.

    Every cosine of sound and label is taken over the average that the label has with all sounds of the library, since
    some labels are near to everything and others to nothing. A sound contradicts its label when all of this holds:

    - its own label is no nearer to it than to the average sound (not over 0),
    - some other label, not ALIKE to its own, stands out by CLEARLY or more,
    - at least LAST_SHARE of the labels come before its own.

    Nothing is said of libraries with fewer than MIN_SOUNDS readable sounds or MIN_LABELS labels.
    """
    usable = np.flatnonzero(listened.sounds.any(axis=1))
    if len(usable) < MIN_SOUNDS or len(listened.labels) < MIN_LABELS:
        return ()
    places = {text: n for n, text in enumerate(listened.labels)}
    average = listened.sounds[usable].mean(axis=0, dtype=np.float64).astype(np.float32)
    alike = listened.words @ listened.words.T >= ALIKE
    found: list[Contradiction] = []
    for start in range(0, len(usable), _ROWS):
        rows = usable[start : start + _ROWS]
        over = np.round((listened.sounds[rows] - average) @ listened.words.T, 4)
        for row, values in zip(rows, over, strict=True):
            record = records[int(row)]
            own = places.get(record.labels[0].text) if record.labels else None
            if own is None:
                continue
            others = np.where(alike[own], -np.inf, values)
            best = int(np.argmax(others))
            place = 1 + int(np.count_nonzero(others > values[own]))
            if values[own] <= 0 and others[best] >= CLEARLY and place > LAST_SHARE * len(values):
                found.append(
                    Contradiction(
                        path=record.path,
                        label=listened.labels[own],
                        heard=listened.labels[best],
                        own=float(values[own]),
                        best=float(others[best]),
                        place=place,
                        labels=len(values),
                    )
                )
    return tuple(found)
