"""Decoders that hang, crash or outlive: none of it reaches the user."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from media import make_video, number_of, numbered

from sonify.errors import VideoError
from sonify.progress import Event
from sonify.settings import VideoSettings
from sonify.video import reader, sources
from sonify.video.process import ChildProcess, StalledError, child_command
from sonify.video.reader import open_video
from sonify.video.wire import HEADER

HANG = "import time; time.sleep(600)"
CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
# Opens, delivers one frame, and then does what follows.
ONE_FRAME = (
    "import struct, sys; sys.stdout.buffer.write("
    "b'{\"end\": [2, 1], \"steady\": [25, 1]}\\n' + struct.pack('<qqq', 0, 1, 1) + bytes(96 * 160 * 3));"
    "sys.stdout.flush();"
)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "a.mp4", numbered(50))


def _read(path: Path) -> tuple[list[int], list[str]]:
    events: list[Event] = []
    settings = VideoSettings(stall_timeout_s=1)
    with open_video(path, settings, short_side_px=96, progress=events.append) as opened:
        numbers = [number_of(picture) for chunk in opened for picture in chunk.frames.pixels]
    return numbers, [event.note for event in events if event.note]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (HANG, "decord hangs;"),
        (CRASH, "decord crashes;"),
        ("print('nonsense')", "decord crashes;"),
        (ONE_FRAME + HANG, "decord hangs after 0.0 s"),
        (ONE_FRAME + CRASH, "decord crashes after 0.0 s"),
    ],
)
def test_ffmpeg_takes_over(video: Path, monkeypatch: pytest.MonkeyPatch, code: str, says: str) -> None:
    monkeypatch.setattr(sources, "child_command", lambda *_, **__: [sys.executable, "-c", code])
    numbers, notes = _read(video)
    assert numbers == [0, 12, 25, 37]
    assert len(notes) == 1
    assert says in notes[0]


@pytest.mark.parametrize(("code", "says"), [(HANG, "hang"), (CRASH, "no frame"), ("", "no frame")])
def test_when_both_fail_it_is_an_error(video: Path, monkeypatch: pytest.MonkeyPatch, code: str, says: str) -> None:
    monkeypatch.setattr(sources, "child_command", lambda *_, **__: [sys.executable, "-c", CRASH])
    monkeypatch.setattr(sources.Ffmpeg, "_command", lambda _: [sys.executable, "-c", code])
    with pytest.raises(VideoError, match=says) as caught:
        _read(video)
    assert video.name in str(caught.value)


def test_a_slow_user_is_no_stall() -> None:
    code = "import os\nfor _ in range(40): os.write(1, bytes(65536))"
    with ChildProcess([sys.executable, "-c", code], stall_timeout_s=0.3) as child:
        assert len(child.read(65536)) == 65536
        threading.Event().wait(1.0)
        assert len(child.read(39 * 65536)) == 39 * 65536
        assert child.read(1) == b""


def test_silence_is_a_stall() -> None:
    with ChildProcess([sys.executable, "-c", HANG], stall_timeout_s=0.3) as child, pytest.raises(StalledError):
        child.read(1)


def test_leaving_early_ends_the_decoder(video: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_video(video, VideoSettings(), short_side_px=96) as opened:
        next(iter(opened))
        assert isinstance(opened._source, sources.Decord)
        pid = opened._source._child.pid
        raise KeyboardInterrupt
    assert not _alive(pid)


@pytest.mark.skipif(os.name != "posix", reason="kills by POSIX signal")
@pytest.mark.parametrize("decoder", ["decord", "ffmpeg"])
def test_a_killed_program_leaves_no_decoder(tmp_path: Path, decoder: str) -> None:
    path = make_video(tmp_path / "a.mp4", numbered(500))
    script = tmp_path / "program.py"
    # No `if __name__ == "__main__"`: a user's script need not have one.
    script.write_text(
        f"import sys, time\nsys.path[:0] = {[str(Path(reader.__file__).parents[2])]!r}\n"
        "from dataclasses import replace\nfrom pathlib import Path\n"
        "from sonify.settings import VideoSettings\nfrom sonify.video.reader import open_video\n"
        f"with open_video(Path({str(path)!r}), VideoSettings(), short_side_px=96) as video:\n"
        f"    video._probed = replace(video._probed, decord={decoder == 'decord'})\n"
        "    next(iter(video))\n"
        "    print(video._source._child.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    program = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE)
    assert program.stdout is not None
    with program.stdout:
        pid = int(program.stdout.readline())
        assert _alive(pid)
        program.send_signal(signal.SIGKILL)
        program.wait()
    assert _gone_within(pid, seconds=20)


def test_an_orphan_that_hangs_with_the_lock_ends_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """decord can hang in C while it holds Python's lock; the child's own watchdog must not need that lock."""
    (tmp_path / "decord.py").write_text(
        "import ctypes\nclass DECORDError(Exception): pass\ndef cpu(n): return n\n"
        "def VideoReader(*a, **k): ctypes.PyDLL(None).sleep(600)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    command = child_command(
        "decode", tmp_path / "a.mp4", width=8, height=8, rate=[12, 1], every=6, rates=[[25, 1]],
        time_base=[1, 25], stall_s=1, open_s=1,
    )  # fmt: skip
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"Timeout" in done.stderr


def test_header_is_three_integers() -> None:
    assert HEADER.size == 24


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that nobody has waited for yet is dead all the same.
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def _gone_within(pid: int, *, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while _alive(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
