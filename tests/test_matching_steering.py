"""Labels that a person avoids, prefers, keeps to, and a direction in free text, on vectors made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sonify.cli.common import UsageError, settings_of
from sonify.cli.program import build
from sonify.errors import LibraryError, SettingsError
from sonify.library.sounds import Label
from sonify.matching.scores import Words, score
from sonify.matching.steering import MAX_WORDS, PREFERRED_ODDS, Steered, steered
from sonify.models.calibration import Calibration
from sonify.models.interface import Box
from sonify.settings import Settings

# Each thing is an axis; a puppy is nearly a dog, a weapon half a gun.
AXES = {"dog": 0, "gun": 1, "sea": 2, "night": 3, "bell": 4}
LABELS = ("dog barking", "puppy", "gunshot", "sea waves", "night", "church bell")
SEEN = ("a dog", "a puppy", "a gun", "the sea", "a night", "a bell")


def vector(phrases: Sequence[str]) -> np.ndarray:
    out = np.full(8, 0.01, np.float32)
    for phrase in phrases:
        text = phrase.replace("puppy", "dog dog dog rest").replace("weapon", "gun rest").replace("pistol", "gun")
        named = [AXES.get(word, 7) for word in text.split() if word in AXES or word == "rest"]
        for axis in named or [6]:
            out[axis] += 1
    return out / np.linalg.norm(out)


def embed(labels: Sequence[Sequence[str]]) -> np.ndarray:
    return np.stack([vector(phrases) for phrases in labels])


def steer(**options: str) -> Steered:
    labels = [Label(text, "effect", (phrase,), ()) for text, phrase in zip(LABELS, SEEN, strict=True)]
    settings = Settings.load(values={f"matching.{key}": value for key, value in options.items()})
    words = Words(embed([(phrase,) for phrase in SEEN]), np.eye(8, dtype=np.float32)[5:6])
    return steered(words, labels, settings.matching, embed)


def odds(**options: str) -> dict[str, float]:
    found = steer(**options).words.odds
    assert found is not None
    return dict(zip(LABELS, found.tolist(), strict=True))


def test_nothing_asked_changes_nothing() -> None:
    assert steer().words.odds is None and steer().notes == ()


def test_what_is_avoided_is_never_heard_nor_is_its_like() -> None:
    found = odds(avoid="dog")
    assert [name for name, value in found.items() if value == 0] == ["dog barking", "puppy"]


def test_several_are_avoided() -> None:
    assert [name for name, value in odds(avoid="bell ;night;").items() if value == 0] == ["night", "church bell"]


def test_what_is_preferred_is_likelier_but_not_certain() -> None:
    assert odds(prefer="sea")["sea waves"] == PREFERRED_ODDS and odds(prefer="sea")["night"] == 1


def test_only_these_and_what_is_avoided_wins() -> None:
    found = odds(only="dog; sea", avoid="puppies", prefer="sea")
    assert found == {name: PREFERRED_ODDS if name == "sea waves" else 0 for name in LABELS}


def test_an_unknown_word_stands_for_what_is_near_and_that_is_said() -> None:
    steering = steer(avoid="weapon")
    assert steering.words.odds is not None and steering.words.odds.tolist() == [1, 1, 0, 1, 1, 1]
    assert steering.notes == ("avoid 'weapon': no label has that name; taken as 'gunshot'",)


def test_an_unknown_word_far_from_all_is_no_error_unless_nothing_is_left() -> None:
    steering = steer(avoid="zzyzx")
    assert steering.words.odds is not None and steering.words.odds.all()
    assert "the nearest is" in steering.notes[0]
    with pytest.raises(LibraryError, match="no label of the library is like 'zzyzx'") as raised:
        steer(only="zzyzx")
    assert "dog barking" in raised.value.hint or "sea waves" in raised.value.hint


def test_a_direction_tilts_and_says_so() -> None:
    steering = steer(direct="a calm night by the sea")
    found = dict(zip(LABELS, steering.words.odds.tolist(), strict=True))  # type: ignore[union-attr]
    assert min(found["sea waves"], found["night"]) > 2 > found["gunshot"] > 0
    assert steering.notes[0].startswith("the direction 'a calm night by the sea' favours 'night', 'sea waves'")


def test_too_many_words_are_refused() -> None:
    with pytest.raises(SettingsError, match="101 labels"):
        steer(avoid=";".join(f"word{n}" for n in range(MAX_WORDS + 1)))


def test_odds_move_probabilities_and_zero_is_never() -> None:
    words = Words(np.eye(3, dtype=np.float32)[:2], np.eye(3, dtype=np.float32)[2:])
    calibration = Calibration(scale=10, bias=-3)
    seen = np.array([[[0.3, 0.9, 0]]], np.float32)

    def chance(*wished: float) -> list[float]:
        with_odds = Words(words.labels, words.null, None, np.array(wished, np.float32))
        return score(seen, (Box(0, 0, 1, 1),), with_odds, calibration).probabilities[0].tolist()

    assert chance(1, 1) == pytest.approx(score(seen, (Box(0, 0, 1, 1),), words, calibration).probabilities[0])
    assert chance(8, 0) == [pytest.approx(8 / 9), 0]


@pytest.mark.parametrize("verb", [("score", "a.mp4"), ("suggest", "a.mp4"), ("batch", "videos", "-o", "out")])
def test_options_given_several_times_are_one_setting(verb: tuple[str, ...]) -> None:
    parser = build()[0]
    said = ["--avoid", "gun", "--avoid", "siren; horn", "--only", "dog", "--direct", "a storm", "--fill", "silent"]
    settings = settings_of(parser.parse_args([*verb, *said]))
    assert settings.differences() == {
        "matching.avoid": "gun; siren; horn",
        "matching.only": "dog",
        "matching.direct": "a storm",
        "matching.fill": "silent",
    }
    with pytest.raises(UsageError, match="empty"):
        parser.parse_args([*verb, "--prefer", " ; "])
