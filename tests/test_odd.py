"""Broken and unusual files, from the command line to the end: a valid output, or one clear line."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from sonify.cli.program import run

ODD = Path(__file__).resolve().parent.parent.parent / "shared" / "media" / "odd"
NAMES = sorted(p.name for p in ODD.iterdir() if p.name != "manifest.csv") if ODD.is_dir() else []

# Those of which no program shows a picture: nothing to score.
REFUSED = {
    "mediabunny__segment.mp4",
    "moviepy__first_vid.mp4",
    "mp4parse-rust__invalid_userdata.mp4",
    "photoprism__quicktime-jpeg.mov",
    "web-platform-tests__not-a-video.ogv",
    "web-platform-tests__test-encrypted.webm",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES or ["(the odd files are not here)"])
def test_odd_files_end_well(shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    video = shared / "media" / "odd" / name
    out = tmp_path / f"out{video.suffix}"
    code = run(["score", "-o", str(out), "--quiet", str(video)])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    made = sorted(p.name for p in tmp_path.iterdir())
    if name in REFUSED:
        assert code == 1
        assert made == []
        assert said.err.count("\n") == 1 and name in said.err
        return
    assert code == 0, said.err
    assert made == sorted(["out.cues.json", out.name])
    for kind in ("audio", "video"):
        with av.open(str(out)) as container:
            assert next(container.decode(**{kind: 0})) is not None
