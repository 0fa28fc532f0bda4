"""An evaluation as a page: one HTML file that needs nothing else, no scripts, nothing from the network.

Names of files, labels and patterns come from others: all text is escaped, and the page's own policy forbids scripts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from sonify.evaluation.lanes import is_main, lanes
from sonify.evaluation.metrics import NOT_RANKED, first_right
from sonify.evaluation.ours import NAME
from sonify.evaluation.outcome import Outcome
from sonify.evaluation.run import ClipResult, Evaluation, data_uri
from sonify.evaluation.tables import Table, cell, said, tables

SHOWN_LABELS = 5

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2126; --soft: #5f6b76; --line: #d5dbe1; --card: #ffffff; --page: #f3f5f7;
  --right: #0b7a52; --wrong: #b3541e; --true: #2f5fc4; --bed: #8a94a0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaee; --soft: #9aa6b2; --line: #38424c; --card: #1d242b;
  --page: #12171c; --right: #46c593; --wrong: #e8935a; --true: #86abff; --bed: #6d7883; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .3rem; }
h2 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
h3 { font-size: .95rem; margin: 1.4rem 0 .4rem; }
p { margin: .2rem 0; color: var(--soft); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; background: var(--card); font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th { font-weight: 600; font-size: .85rem; } td:first-child, th:first-child { text-align: left; white-space: pre; }
td small { color: var(--soft); display: block; font-size: .75rem; }
table.overview td:nth-child(2), table.overview th:nth-child(2) { text-align: left; white-space: normal; }
td.good { color: var(--right); font-weight: 600; } a { color: inherit; }
tr.ours td { font-weight: 600; } tr.apart td { border-top: 2px solid var(--line); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin: 1rem 0; }
.frames { display: flex; gap: 4px; margin: .6rem 0; overflow-x: auto; }
figure { margin: 0; flex: 0 0 auto; } figure img { display: block; height: 104px; border-radius: 3px; }
figcaption { font-size: .75rem; color: var(--soft); }
.answers { display: grid; grid-template-columns: repeat(auto-fill, minmax(12.5rem, 1fr)); gap: .8rem;
  margin: .6rem 0; }
.answers div { min-width: 0; } .answers b { font-size: .85rem; }
ol { margin: .2rem 0; padding-left: 1.4rem; font-size: .85rem; } li { overflow-wrap: anywhere; }
li span, .answers small { color: var(--soft); } li.right { color: var(--right); font-weight: 600; }
.error { color: var(--wrong); } code { overflow-wrap: anywhere; }
svg { display: block; width: 100%; height: auto; margin-top: .5rem; }
svg text { font: 11px system-ui, "DejaVu Sans", sans-serif; fill: var(--ink); }
svg .name { fill: var(--soft); } svg .grid { stroke: var(--line); }
svg .right { fill: var(--right); } svg .wrong { fill: var(--wrong); } svg .true { fill: var(--true); }
svg .bed { opacity: .35; } svg .on { fill: #fff; } svg .onbed { fill: var(--ink); }
svg .hit { stroke: var(--ink); stroke-width: 1.5; }
.key span { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin: 0 .3em 0 1em; }
"""


def page(evaluation: Evaluation, manifest: str) -> str:
    """The whole page, as text."""
    body = [
        f"<h1>How right the sounds are: {escape(manifest)}</h1>",
        f"<p>{escape(said(evaluation))}.</p>",
        "<p>In parentheses: 95 % intervals, from drawing the clips again.</p>",
        *(_table(table) for table in tables(evaluation)),
        "<h3>The clips: at which place each method names the first right label</h3>",
        _overview(evaluation),
        '<p class="key">Lanes:<span style="background:var(--true)"></span>what is true'
        '<span style="background:var(--right)"></span>a right label'
        '<span style="background:var(--wrong)"></span>another'
        '<span style="background:var(--bed)"></span>pale: a bed. Strokes are single hits.</p>',
        *(_clip(number, clip, evaluation.methods) for number, clip in enumerate(evaluation.clips, 1)),
    ]
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(manifest)} - sonify eval</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _table(table: Table) -> str:
    head = "".join(f"<th>{escape(measure.title)}</th>" for measure in table.measures)
    rows = []
    for name, cells in table.rows:
        apart = " against " in name
        kind = "apart" if apart else "ours" if name == NAME else ""
        shown = []
        for measure, found in zip(table.measures, cells, strict=True):
            value, _, interval = cell(measure, found, signed=apart).partition(" (")
            small = f"<small>({escape(interval)}</small>" if interval else ""
            shown.append(f"<td>{escape(value)}{small}</td>")
        rows.append(f'<tr class="{kind}"><td>{escape(name)}</td>{"".join(shown)}</tr>')
    return (
        f'<h3>{escape(table.title)}</h3>\n<div class="wide"><table><tr><th>method</th>{head}</tr>\n'
        + "\n".join(rows)
        + "</table></div>"
    )


def _clip(number: int, clip: ClipResult, methods: Sequence[str]) -> str:
    truth = clip.truth
    expected = [
        _expected(e.accept, e.shows, right) for e, right in zip(truth.clip.expected, truth.right, strict=True)
    ]
    if truth.clip.expect_none:
        expected.append("<p>Expected: <b>nothing</b></p>")
    elif not expected:
        expected.append("<p>Undecided; not counted.</p>")
    shows = f"<p>{escape(truth.clip.shows)}</p>" if truth.clip.shows and not truth.clip.expected else ""
    frames = "".join(
        f'<figure><img src="{data_uri(jpeg)}" alt="frame at {time_s:.1f} s"><figcaption>{time_s:.1f} s</figcaption>'
        "</figure>"
        for time_s, jpeg in clip.pictures
    )
    every = frozenset().union(*truth.right) if truth.right else frozenset()
    answers = "".join(_answer(name, clip.outcomes[name], every) for name in methods)
    return (
        f'<section id="clip-{number}"><h2>{number}. {escape(truth.clip.file)}</h2>{shows}{"".join(expected)}'
        f'<div class="frames">{frames}</div><div class="answers">{answers}</div>{lanes(clip, methods)}</section>'
    )


def _place(rank: int) -> str:
    return "right one not named" if rank == NOT_RANKED else f"right one: {rank}"


def _overview(evaluation: Evaluation) -> str:
    """All clips in one table, each with the place that each method gives to the right label, and a link to it."""
    shown = [name for name in evaluation.methods if is_main(name)]
    head = "".join(f"<th>{escape(name)}</th>" for name in shown)
    rows = []
    for number, clip in enumerate(evaluation.clips, 1):
        truth = clip.truth
        every = frozenset().union(*truth.right) if truth.right else frozenset()
        cells = []
        for name in shown:
            outcome = clip.outcomes[name]
            if outcome.error:
                text = "failed"
            elif truth.clip.expect_none:
                text = "a sound" if outcome.heard else "nothing"
            else:
                rank = first_right(outcome, every) if every else 0
                text = "" if not rank else "-" if rank == NOT_RANKED else str(rank)
            good = text in ("1", "nothing")
            cells.append(f'<td class="{"good" if good else ""}">{text}</td>')
        patterns = "; ".join(emitter.accept for emitter in truth.clip.expected)
        what = "nothing" if truth.clip.expect_none else truth.clip.shows or patterns
        link = f'<a href="#clip-{number}">{escape(truth.clip.file[:48])}</a>'
        rows.append(f"<tr><td>{number}. {link}</td><td>{escape(what[:48])}</td>{''.join(cells)}</tr>")
    return (
        '<div class="wide"><table class="overview"><tr><th>clip</th><th>expected</th>'
        + f"{head}</tr>\n"
        + "\n".join(rows)
        + "</table></div>"
    )


def _expected(accept: str, shows: str, right: Iterable[str]) -> str:
    labels = ", ".join(sorted(right))
    known = f"right here: <b>{escape(labels)}</b>" if labels else "<b>no label of these libraries is right</b>"
    return f"<p>Expected: {escape(shows)} <code>{escape(accept)}</code>; {known}</p>"


def _answer(name: str, outcome: Outcome, right: frozenset[str]) -> str:
    if outcome.error:
        return f'<div><b>{escape(name.strip())}</b><p class="error">{escape(outcome.error)}</p></div>'
    rank = first_right(outcome, right) if right else 0
    place = f" <small>{_place(rank)}</small>" if rank else ""
    items = "".join(
        f'<li class="{"right" if label in right else ""}">{escape(label)} <span>{score:.2f}</span></li>'
        for label, score in outcome.ranked[:SHOWN_LABELS]
    )
    return f"<div><b>{escape(name.strip())}</b>{place}<ol>{items}</ol></div>"
