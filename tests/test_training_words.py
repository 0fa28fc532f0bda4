"""How phrases that nobody wrote down are learnt: which there are, where they are placed, what is held back."""

from pathlib import Path

import numpy as np
import pytest

from training.sentences import Sentences, captions, composed, nouns, place


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_a_phrase_lies_where_its_neighbours_lie() -> None:
    rng = np.random.default_rng(0)
    topics = _unit(rng.normal(size=(3, 40)))
    known = Sentences(
        tuple(f"p{n}" for n in range(60)), _unit(np.repeat(topics, 20, 0) + rng.normal(0, 0.05, (60, 40)))
    )
    targets = np.repeat(np.eye(3, dtype=np.float32), 20, 0)
    wide = Sentences(("like the second", "like nothing"), _unit(np.stack([topics[1] + 0.02, -topics.sum(0)])))
    found, aims = place(known, targets, wide, np.zeros(60, bool))
    assert found.phrases == ("like the second",)  # what is far from everything is left out
    assert np.array_equal(found.vectors, wide.vectors[:1])
    assert aims[0].argmax() == 1 and np.linalg.norm(aims[0]) == pytest.approx(1, abs=1e-5)
    assert aims[0, 1] > 0.95


def test_phrases_of_concepts_are_favoured_as_neighbours() -> None:
    topics = _unit(np.array([[1.0, 0, 0], [0.98, 0.2, 0], [0, 0, 1]]))
    known = Sentences(tuple("abcdefghijkl"), np.repeat(topics, 4, 0))
    targets = np.repeat(np.eye(3, dtype=np.float32), 4, 0)
    wide = Sentences(("near the first",), topics[:1])
    _, plain = place(known, targets, wide, np.zeros(12, bool))
    _, bent = place(known, targets, wide, np.repeat([False, True, False], 4))
    assert plain[0].argmax() == 0 and bent[0].argmax() == 1


def test_only_known_meanings_count() -> None:
    import torch

    from training.said import MEANING, unlike

    meant = torch.zeros(3, MEANING)
    meant[0, 0] = meant[1, 1] = 1.0
    guess = torch.zeros(3, MEANING)
    guess[0, 0], guess[1, 2], guess[2, 3] = 2.0, 1.0, 1.0
    assert float(unlike(guess, meant)) == pytest.approx(0.5)
    assert float(unlike(guess, torch.zeros(3, MEANING))) == 0


def test_words_come_from_the_lists_in_one_order(tmp_path: Path) -> None:
    (tmp_path / "imagenet_wnid_words.txt").write_text(
        "n02084071\tdog, domestic dog, Canis familiaris\nn02084072\tvery long thing indeed\nn00001740\tentity\n"
    )
    assert nouns(tmp_path, len) == []  # words of many pieces are rare ones
    assert nouns(tmp_path, lambda word: 1) == ["dog", "domestic dog"]  # no proper names, nothing abstract
    (tmp_path / "audiocaps_val.csv").write_text(
        'audiocap_id,youtube_id,start_time,caption\n1,x,0,"A dog barks, then a Door slams."\n'
    )
    assert captions(tmp_path) == ["a dog barks", "a dog barks, then a door slams", "then a door slams"]
    once = composed(["dog", "bell"], 50, np.random.default_rng(4))
    assert once == composed(["dog", "bell"], 50, np.random.default_rng(4)) == sorted(set(once))
    assert all("dog" in phrase or "bell" in phrase for phrase in once)


def test_short_phrases_together_give_the_same_vectors() -> None:
    import open_clip
    import torch

    from training.text_tower import new_model, states

    torch.manual_seed(0)
    model = new_model().eval()
    tokens = open_clip.SimpleTokenizer(context_length=32)(
        ["a dog", "a man with an old dog by the sea", "rain", "x", "y"]
    )
    with torch.no_grad():
        assert states(model, tokens).numpy() == pytest.approx(states(model, tokens, parts=1).numpy(), abs=1e-5)


def test_the_halves_of_the_held_out_photographs_are_apart() -> None:
    from training.data import Photos

    photos = Photos(np.zeros((400, 1, 1, 3), np.uint8), ("x",) * 400, ("x",) * 400, ("test", "train") * 200)
    fit, check = set(photos.half("fit")), set(photos.half("check"))
    assert not fit & check and fit | check == set(photos.rows("test"))
    assert 60 < len(fit) < 140


def test_pictures_are_named_in_the_order_they_are_read(tmp_path: Path) -> None:
    import io
    import tarfile

    from PIL import Image

    from training.data import file_names, load_photos

    lines = ["key,shard,concept,caption,split"]
    for shard, keys in (("b.tar", "xy"), ("a.tar", "zw")):
        with tarfile.open(tmp_path / shard, "w") as tar:
            for key in keys:
                data = io.BytesIO()
                Image.new("RGB", (8, 8), (ord(key), 0, 0)).save(data, "PNG")
                info = tarfile.TarInfo(f"{key}.png")
                info.size = len(data.getvalue())
                data.seek(0)
                tar.addfile(info, data)
                lines.append(f"{key},{shard},{key},{key},test")
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n")
    photos = load_photos(tmp_path, tmp_path / "cache")
    assert file_names(tmp_path) == ["a.tar/z.png", "a.tar/w.png", "b.tar/x.png", "b.tar/y.png"]
    assert photos.concepts == ("z", "w", "x", "y")
    assert [int(p[0, 0, 0]) for p in photos.pixels] == [ord(c) for c in "zwxy"]


def test_the_tables_of_the_card_say_what_was_measured() -> None:
    from training.tables import tables

    concepts = [
        {"concept": "dog", "train": 216, "test": 24, "top1": 0.5, "top5": 1.0},
        {"concept": "harp", "train": 56, "test": 6, "top1": 0.0, "top5": 0.5},
    ]
    report = {
        "photos": {
            "photos": 30, "top1": 0.4, "top5": 0.9, "check_photos": 14, "check_top1": 0.35, "check_top5": 0.8,
            "per_concept": concepts, "weak_concepts": [], "confusions": [["harp", "dog", 3]],
            "surest_mistakes": [["a.tar/1.jpg", "harp", "dog", 0.3]],
        },
        "paraphrases": {"phrases": 5, "name_top1": 0.5, "name_top5": 0.9, "phrase_top1": 0.4, "phrase_top5": 0.8},
        "speed": {"pictures_per_s": 400.0, "vit_b_32_per_s": 20.0, "ratio": 20.0},
    }  # fmt: skip
    text = tables(report)
    assert "| 30 held-out photographs, 2 concepts, from their names | 40.0 % | 90.0 % |" in text
    assert "under 100 of them in training have 0.0 % top 1, those with 200 or more 50.0 %" in text
    assert "20 times" in text and "`a.tar/1.jpg`: harp taken for dog" in text


def test_a_token_never_met_lies_beside_what_it_is_like(tmp_path: Path) -> None:
    import open_clip

    from training.sentences import new_words

    tokenizer = open_clip.SimpleTokenizer()
    rng = np.random.default_rng(1)
    words = ("dog", "cat", "bell", "rain", "train", "piano", "sheep", "car", "boat", "fire", "hound", "zebra")
    rows = [tokenizer.encode(word)[0] for word in words]
    meanings = np.zeros((tokenizer.vocab_size, 384), np.float16)
    meanings[rows] = _unit(rng.normal(size=(len(rows), 384)))
    hound, dog, zebra = rows[-2], rows[0], rows[-1]
    meanings[hound] = meanings[dog]
    meanings[zebra] = 0  # no word of its own
    np.save(tmp_path / "tokens.npy", meanings)
    learnt = rng.normal(size=(tokenizer.vocab_size, 8)).astype(np.float32)
    found = new_words(tmp_path, tmp_path, learnt, words[:-2])
    assert found[rows[:-2]] == pytest.approx(learnt[rows[:-2]])  # what was learnt stays
    assert found[zebra] == pytest.approx(learnt[zebra])
    near = _unit(learnt[rows[:-2]] - learnt[rows[:-2]].mean(0)) @ (found[hound] - learnt[rows[:-2]].mean(0))
    assert near.argmax() == 0 and near[0] > 0.3 * np.linalg.norm(learnt[dog] - learnt[rows[:-2]].mean(0))
