"""Imports go down only, and importing sonify is quick."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

# A room may import from rooms further down, never from its own line's other rooms or from above.
LAYERS = (
    {"__main__"},
    {"cli"},
    {"demo", "debug_video", "batch", "export", "evaluation"},
    {"pipeline", "searching"},
    {"matching", "mix"},
    {"models", "video", "library"},
    {"cues", "settings", "resources"},
    {"vectortable"},
    {"errors", "progress", "files", "loudness", "_version"},
)
# Pictures of a result are made from it, after the fact; batch is the pipeline over a folder.
LEVEL = {room: level for level, rooms in enumerate(LAYERS) for room in rooms}
# These load torch or take long: they are imported where they are used, never by `import sonify` or `--help`.
HEAVY = {"torch", "open_clip", "moviepy", "librosa", "decord", "scenedetect", "numba", "scipy", "PIL", "av"}


def modules(root: Path) -> list[Path]:
    return sorted((root / "sonify").rglob("*.py"))


def room(parts: tuple[str, ...]) -> str:
    return parts[1].removesuffix(".py") if len(parts) > 1 else "__init__"


def imports(path: Path) -> set[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set()
    typing_only: set[int] = set()
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            typing_only |= {id(inner) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "sonify":
            parts = tuple(node.module.split("."))
            found |= {parts} if len(parts) > 1 else {(*parts, alias.name) for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {tuple(a.name.split(".")) for a in node.names if a.name.split(".")[0] == "sonify"}
    return found


def test_imports_go_down_only(root: Path) -> None:
    wrong = []
    for path in modules(root):
        here = room(path.relative_to(root).parts)
        if here == "__init__":
            continue
        for target in imports(path):
            there = room(target)
            if there in LEVEL and there != here and LEVEL[there] <= LEVEL[here]:
                wrong.append(f"{path.relative_to(root)} imports {'.'.join(target)}")
            assert there in LEVEL or there in {"__init__", "__version__"}, f"no layer is known for {there}"
    assert not wrong, "\n".join(wrong)


def test_no_cycles(root: Path) -> None:
    graph: dict[str, set[str]] = {}
    for path in modules(root):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        graph[name] = {".".join(target) for target in imports(path)}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, "a cycle: " + " -> ".join((*trail, name))
        if name in done or name not in graph:
            return
        for target in sorted(graph[name]):
            visit(target, (*trail, name))
        done.add(name)

    for name in sorted(graph):
        if name != "sonify":
            visit(name, ())


def test_files_hold_one_idea(root: Path) -> None:
    long = {str(p.relative_to(root)): n for p in modules(root) if (n := len(p.read_text("utf-8").splitlines())) > 420}
    assert not long, f"over 420 lines is usually two ideas: {long}"


@pytest.mark.parametrize("what", ["import sonify", "import sonify.cli", "import sonify.cues, sonify.settings"])
def test_light_imports(what: str) -> None:
    code = f"import sys; {what}; print(*sorted({HEAVY!r} & {{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
