"""The command as a process of its own: what it loads, how it ends, what it leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import imageio_ffmpeg
import psutil
import pytest

from sonify.cli.interrupts import Interrupts
from sonify.cli.program import VERBS

SONIFY = [sys.executable, "-m", "sonify"]
# Loading any of these makes --help slow; the first three take seconds.
HEAVY = {"torch", "open_clip", "librosa", "moviepy", "decord", "numpy", "scipy", "pydantic", "rich", "PIL", "av"}
posix = pytest.mark.skipif(os.name == "nt", reason="signals and special files of POSIX")


@pytest.mark.parametrize("words", [["--help"], ["--version"], *([verb, "--help"] for verb in VERBS)])
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "sonify", *words], capture_output=True, text=True, check=True
    )
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "sonify" in loaded
    assert not loaded & HEAVY


def test_python_m_and_the_script_are_the_same() -> None:
    done = subprocess.run([*SONIFY, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("sonify ")


@posix
def test_a_reader_that_has_gone_is_no_error() -> None:
    # Unbuffered, argparse itself meets the closed pipe and keeps it to itself.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        [*SONIFY, "score", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert error == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_under_stdout() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*SONIFY, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("sonify: error: can't write the results: ") and done.stderr.count("\n") == 1


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_streams(closed: str) -> None:
    command = f'"{sys.executable}" -m sonify score no-such.mp4 --json {closed}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_only_ascii(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(
        [*SONIFY, "score", "é雨.mp4"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    error = done.stderr.splitlines()[-1]
    assert error.startswith("sonify: error: ") and "\\xe9\\u96e8.mp4" in error


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds that take a while to read, with sound."""
    file = tmp_path_factory.mktemp("film") / "film.mp4"
    picture = ("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=24:duration=8,format=yuv420p")
    sound = ("-f", "lavfi", "-i", "sine=frequency=440:duration=8")
    program = (imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-loglevel", "error")
    subprocess.run([*program, *picture, *sound, "-preset", "ultrafast", str(file)], check=True)
    return file


class Run:
    """`sonify score` at work in an empty folder, with everything that it may leave behind inside `root`."""

    def __init__(self, film: Path, root: Path) -> None:
        self.out, self.temporary = root / "out", root / "tmp"
        self.out.mkdir()
        self.temporary.mkdir()
        # A non-interactive shell starts background jobs with Ctrl-C switched off, and children inherit that.
        # It says "go" from within main, while that loads the rest: before, Ctrl-C meets Python itself.
        code = """if True:
            import signal, sys
            from sonify.cli import main

            class Gate:
                def find_spec(self, name, path=None, target=None):
                    if name == "sonify.cli.program":
                        print("go", flush=True)

            signal.signal(signal.SIGINT, signal.default_int_handler)
            sys.meta_path.insert(0, Gate())
            sys.exit(main())
        """
        environment = {**os.environ, "TMPDIR": str(self.temporary), "SONIFY_CACHE_DIR": str(root / "cache")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "score", str(film), "-o", "out.mp4"],
            cwd=self.out,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "go\n"
        self.children: set[psutil.Process] = set()

    def end(self, number: int | None) -> tuple[int, str]:
        """Sends a signal, if any, and waits; returns exit code and stderr."""
        self.children |= set(psutil.Process(self.process.pid).children(recursive=True))
        if number == signal.SIGINT:  # a terminal sends it to the whole group: ffmpeg has it too
            os.killpg(self.process.pid, number)
        elif number is not None:
            self.process.send_signal(number)
        _, error = self.process.communicate(timeout=120)
        return self.process.returncode, error

    def left(self) -> list[str]:
        """What is there that was not before."""
        psutil.wait_procs(self.children, timeout=5)
        alive = [f"process {child.name()}" for child in self.children if child.is_running()]
        files = [path for place in (self.out, self.temporary) for path in sorted(place.rglob("*"))]
        # torch makes its own empty folder there whenever it is imported.
        return alive + [str(path) for path in files if not path.name.startswith("torchinductor_")]


@contextmanager
def running(film: Path, root: Path) -> Iterator[Run]:
    root.mkdir()
    run = Run(film, root)
    try:
        yield run
    finally:
        run.process.kill()
        run.process.wait()
        for stream in (run.process.stdout, run.process.stderr):
            if stream:
                stream.close()


@posix
@pytest.mark.slow
def test_ctrl_c_at_any_moment(film: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    with running(film, tmp_path / "whole") as run:
        code, error = run.end(None)
        assert code == 0, error
        assert run.left() == [str(run.out / "out.cues.json"), str(run.out / "out.mp4")]
    whole_s = time.monotonic() - began
    for step in range(6):
        with running(film, tmp_path / f"cut{step}") as run:
            time.sleep(whole_s * step / 6)
            if run.process.poll() is not None:
                continue
            code, error = run.end(signal.SIGINT)
            moment = f"{step}/6 of the way"
            assert "Traceback" not in error and "KeyboardInterrupt" not in error, f"{moment}: {error}"
            assert "Exception ignored" not in error, f"{moment}: {error}"
            assert code in (0, 130), f"{moment}: {error}"
            if code == 130:
                assert run.left() == [], moment


@posix
@pytest.mark.slow
def test_sigterm_is_as_clean(film: Path, tmp_path: Path) -> None:
    with running(film, tmp_path / "run") as run:
        time.sleep(1)
        code, error = run.end(signal.SIGTERM)
        assert (code, run.left()) == (143, [])
        assert "Traceback" not in error


@posix
def test_an_interrupt_in_a_destructor_is_not_lost(capsys: pytest.CaptureFixture[str]) -> None:
    class Careless:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    hook = sys.unraisablehook
    interrupts = Interrupts()
    interrupts.watch()
    try:
        Careless()  # Python can only tell of what is raised in there
        assert capsys.readouterr().err == ""
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
        assert interrupts.exit_code == 143
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)
