"""The wheel is whole: in an environment elsewhere, with no checkout at hand, it scores a video."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from fractions import Fraction
from pathlib import Path

import av
import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(root)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = out.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with the wheel in it, and this environment's packages behind it.

    A path in a .pth file is searched, but the .pth files in that path are not read: an editable sonify stays out.
    """
    folder = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    program = scripts / ("python.exe" if os.name == "nt" else "python")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(program),
        "install",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    ask = [str(program), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"]
    packages = Path(subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip())
    here = dict.fromkeys((sysconfig.get_paths()["purelib"], sysconfig.get_paths()["platlib"]))
    (packages / "dependencies.pth").write_text("\n".join(here) + "\n", "utf-8")
    return program


def elsewhere(folder: Path) -> dict[str, str]:
    """An environment in which nothing leads back to the checkout, to other weights or to the network."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "SONIFY", "HF_"))}
    caches = {"SONIFY_CACHE_DIR": str(folder / "cache"), "HF_HOME": str(folder / "hub"), "HF_HUB_OFFLINE": "1"}
    return kept | caches


def test_all_that_scoring_needs_is_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for needed in (
        "sonify/py.typed",
        "sonify/_data/configs/default.yaml",
        "sonify/_data/sound_library/labels.csv",
        "sonify/_data/sound_library/LICENSE",
        "sonify/models/mini/open_clip_config.json",
        "sonify/models/mini/open_clip_model.safetensors",
    ):
        assert needed in names
    sounds = [
        name for name in names if name.startswith("sonify/_data/sound_library/") and name.endswith((".flac", ".ogg"))
    ]
    assert len(sounds) >= 40
    assert not [name for name in names if name.startswith(("tests/", "training/", "benchmarks/")) or ".pyc" in name]


def test_it_scores_a_video(root: Path, python: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    run = {"cwd": work, "env": elsewhere(tmp_path), "capture_output": True, "text": True, "check": False}
    code = "import sonify, pathlib; print(pathlib.Path(sonify.__file__).resolve())"
    found = subprocess.run([python, "-c", code], **run)  # type: ignore[call-overload]
    assert not Path(found.stdout.strip()).is_relative_to(root), found.stderr
    make = (
        "from fractions import Fraction; from pathlib import Path; from sonify.demo.film import make_film;"
        "make_film(Path('film.mp4'), fps=Fraction(4))"
    )
    made = subprocess.run([python, "-c", make], **run)  # type: ignore[call-overload]
    assert made.returncode == 0, made.stderr
    script = python.parent / ("sonify.exe" if os.name == "nt" else "sonify")
    done = subprocess.run([script, "score", "film.mp4", "--json"], **run)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["model"] == "sonify-mini"
    assert document["cues"] and {cue["library"] for cue in document["cues"]} == {"starter"}
    assert sorted(path.name for path in work.iterdir()) == ["film.cues.json", "film.mp4", "film.scored.mp4"]
    with av.open(str(work / "film.scored.mp4")) as scored, av.open(str(work / "film.mp4")) as film:
        audio = scored.streams.audio[0]
        assert (audio.sample_rate, audio.channels) == (48000, 2)
        assert film.duration is not None and scored.duration is not None
        assert abs(Fraction(scored.duration - film.duration, 1_000_000)) < Fraction(1, 20)
        loudest = max(float(abs(frame.to_ndarray()).max()) for frame in scored.decode(audio))
    assert loudest > 0.01


def test_the_doctor_finds_it_ready(python: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [python, "-m", "sonify", "doctor", "--json"],
        cwd=tmp_path,
        env=elsewhere(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    document = json.loads(done.stdout)
    broken = [finding for finding in document["findings"] if finding["state"] == "broken"]
    assert done.returncode == 0 and document["ready"], broken
