"""When each method hears what, as lanes under a clip: SVG that stands in the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from sonify.evaluation.outcome import Heard
from sonify.evaluation.run import ClipResult

WIDTH, LEFT, ROW = 1000, 170, 18
MOST_ROWS = 6
"""Of one method; more overlap in the last."""
_CHARACTER = 6.2
"""Width of a letter, about: a label is written where it fits."""


def is_main(method: str) -> bool:
    """Whether a method is one by itself, and not another with a part taken away or mended."""
    return not method.startswith((" ", "without "))


def lanes(clip: ClipResult, methods: Sequence[str]) -> str:
    """The drawing; "" where the length of the clip isn't known."""
    if clip.duration_s <= 0:
        return ""
    rows: list[str] = []
    y = 0
    for emitter, right in zip(clip.truth.clip.expected, clip.truth.right, strict=True):
        if not emitter.intervals and not emitter.onsets:
            continue
        name = emitter.shows or ", ".join(sorted(right)) or emitter.accept
        rows.append(_name("true", y))
        rows += [_bar(clip, a, b, y, name, "true") for a, b in emitter.intervals]
        rows += [_stroke(clip, time_s, y) for time_s in emitter.onsets]
        y += ROW
    every = frozenset().union(*clip.truth.right) if clip.truth.right else frozenset()
    for method in filter(is_main, methods):
        rows.append(_name(method, y))
        stacked = _stacked(clip.outcomes[method].heard)
        for row, heard in stacked:
            kind = ("right" if heard.label in every else "wrong") + (" bed" if heard.kind == "ambience" else "")
            rows.append(_bar(clip, heard.start_s, heard.end_s, y + row * ROW, heard.label, kind))
            rows += [_stroke(clip, time_s, y + row * ROW) for time_s in heard.hits]
        y += ROW * (1 + max((row for row, _ in stacked), default=0))
    grid = _grid(clip.duration_s, y)
    return (
        f'<svg viewBox="0 0 {WIDTH} {y + 16}" role="img" aria-label="when each is heard">{grid}{"".join(rows)}</svg>'
    )


def _stacked(heard: Sequence[Heard]) -> list[tuple[int, Heard]]:
    """Each with the first row in which it overlaps nothing."""
    ends: list[float] = []
    placed = []
    for item in sorted(heard, key=lambda h: (h.kind == "ambience", h.start_s)):
        free = (row for row, end_s in enumerate(ends) if end_s <= item.start_s + 1e-6)
        row = next(free, len(ends))
        if row == len(ends):
            ends.append(0.0)
        ends[row] = max(ends[row], item.end_s)
        placed.append((min(row, MOST_ROWS - 1), item))
    return placed


def _x(clip: ClipResult, time_s: float) -> float:
    return round(LEFT + (WIDTH - LEFT - 6) * min(max(time_s / clip.duration_s, 0.0), 1.0), 1)


def _name(text: str, y: int) -> str:
    return f'<text class="name" x="0" y="{y + 13}">{escape(text[:26])}</text>'


def _bar(clip: ClipResult, start_s: float, end_s: float, y: int, label: str, kind: str) -> str:
    left, right = _x(clip, start_s), _x(clip, end_s)
    width = max(right - left, 1.5)
    fits = int((width - 6) / _CHARACTER)
    shown = label if len(label) <= fits else f"{label[: fits - 1]}…" if fits > 3 else ""
    ink = "onbed" if "bed" in kind else "on"
    text = f'<text class="{ink}" x="{left + 4}" y="{y + 12}">{escape(shown)}</text>' if shown else ""
    tip = f"<title>{escape(label)}: {start_s:.2f} to {end_s:.2f} s</title>"
    bar = f'<rect class="{kind}" x="{left}" y="{y + 1}" width="{width:.1f}" height="{ROW - 3}" rx="2">{tip}</rect>'
    return bar + text


def _stroke(clip: ClipResult, time_s: float, y: int) -> str:
    x = _x(clip, time_s)
    return f'<line class="hit" x1="{x}" x2="{x}" y1="{y}" y2="{y + ROW - 2}"><title>{time_s:.3f} s</title></line>'


def _grid(duration_s: float, y: int) -> str:
    """Lines at whole multiples of a round number of seconds, ten or so."""
    rough = duration_s / 10
    steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
    step = next((s for s in steps if s >= rough), steps[-1] * 4)
    drawn = []
    for number in range(int(duration_s / step) + 1):
        x = round(LEFT + (WIDTH - LEFT - 6) * number * step / duration_s, 1)
        drawn.append(f'<line class="grid" x1="{x}" x2="{x}" y1="0" y2="{y}"/>')
        drawn.append(f'<text class="name" x="{x}" y="{y + 13}">{number * step:g} s</text>')
    return "".join(drawn)
