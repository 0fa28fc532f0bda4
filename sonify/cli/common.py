"""What every verb shares: the common options, and the context that a verb runs in."""

from __future__ import annotations

import argparse
import difflib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from sonify.cli.output import Output
from sonify.errors import RenderError, SettingsError, VideoError
from sonify.progress import Event, Progress

if TYPE_CHECKING:
    from sonify.settings import Settings

Subparsers: TypeAlias = "argparse._SubParsersAction[Parser]"


class UsageError(SettingsError):
    """A command line that can't be understood; exit code 2."""


class Parser(argparse.ArgumentParser):
    """argparse without abbreviations; mistakes become a UsageError with the nearest name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", _Help)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raises UsageError instead of leaving the process."""
        raise UsageError(message, hint=f"see {self.prog} --help")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            names = [str(choice) for choice in action.choices]
            kind = "verb" if isinstance(action, argparse._SubParsersAction) else action.dest
            what = f"there is no {kind} {value!r}"
            raise UsageError(what, hint=nearest(str(value), names))


class _Help(argparse.HelpFormatter):
    """A fixed width, so that the help in the documents is the help on the screen."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=100)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        # As Python 3.13 writes it, whatever the version: -o, --out FILE
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        return f"{', '.join(action.option_strings)} {action.metavar}"


def nearest(name: str, known: Iterable[str]) -> str:
    """'did you mean X?', or all the names when none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=2, cutoff=0.65)
    return f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(names)}"


def common_options() -> Parser:
    """The parent parser of every verb.

    Defaults are left out, so that an option may also stand before the name of a verb within a verb.
    """
    parser = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = parser.add_argument_group("common options")
    group.add_argument("--config", metavar="FILE", action="append", help="settings in YAML, over the defaults")
    group.add_argument("--set", metavar="NAME=VALUE", action="append", help="one setting: matching.threshold=0.6")
    group.add_argument("--device", metavar="NAME", help="where the model runs: auto, cpu, cuda, cuda:N, mps")
    group.add_argument("--json", action="store_true", help="print one JSON document instead of a table")
    group.add_argument("--force", action="store_true", help="replace files that exist")
    group.add_argument("--quiet", action="store_true", help="no progress and no notes, only errors")
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def library_option(parser: argparse.ArgumentParser) -> None:
    """--library, repeatable: `args.library` is a list of paths, empty for the starter sounds."""
    parser.add_argument(
        "--library",
        metavar="DIR",
        action="append",
        default=[],
        help="a folder of sounds; may be given more than once (default: the starter sounds)",
    )


def model_option(parser: argparse.ArgumentParser) -> None:
    """--model: sets model.name."""
    parser.add_argument(
        "--model",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="which model looks at the picture; `sonify models list` names some (default: auto)",
    )


def mix_options(parser: argparse.ArgumentParser) -> None:
    """--original, --profile, --keep-tracks: set the options of `mix` of the same names."""
    parser.add_argument(
        "--original",
        metavar="HOW",
        default=argparse.SUPPRESS,
        help="the video's own audio: keep, duck, mute, or replace under the cues (default: keep)",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="loudness of the whole: web, podcast, ebu, atsc, film, stems (default: web)",
    )
    parser.add_argument(
        "--keep-tracks",
        action="store_true",
        default=argparse.SUPPRESS,
        help="the original audio tracks follow the new one, untouched",
    )


def stems_option(parser: argparse.ArgumentParser) -> None:
    """--stems: a folder, None where none is wanted."""
    parser.add_argument(
        "--stems", metavar="DIR", help="write the parts of the mix there too, as Broadcast Wave files"
    )


def missing_option(parser: argparse.ArgumentParser) -> None:
    """--missing: sets mix.missing."""
    parser.add_argument(
        "--missing",
        metavar="HOW",
        default=argparse.SUPPRESS,
        help="a sound that is no longer there: fail, or skip its cues (default: fail)",
    )


def licence_option(parser: argparse.ArgumentParser) -> None:
    """--licence: sets library.licences."""
    parser.add_argument(
        "--licence",
        metavar="TERMS",
        default=argparse.SUPPRESS,
        help="only sounds under these licences: cc0,cc-by (default: any)",
    )
    # As they write it across the sea; not shown, since it is the same.
    parser.add_argument("--license", dest="licence", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def rerank_option(parser: argparse.ArgumentParser) -> None:
    """--rerank: sets matching.rerank."""
    parser.add_argument(
        "--rerank",
        metavar="HOW",
        default=argparse.SUPPRESS,
        help="none, or clap: of a label's sounds, those that sound most like it (an extra; default: none)",
    )


def steering_options(parser: argparse.ArgumentParser) -> None:
    """--avoid, --prefer, --only (repeatable), --direct, --fill: set the options of `matching` of the same names."""
    for name, help in (
        ("avoid", "a label that must not be heard, nor others like it; may be given more than once"),
        ("prefer", "a label that is more welcome than others; may be given more than once"),
        ("only", "no other labels than this one; may be given more than once"),
    ):
        parser.add_argument(
            f"--{name}", metavar="LABEL", action="append", default=argparse.SUPPRESS, type=_one_label, help=help
        )
    parser.add_argument(
        "--direct",
        metavar="TEXT",
        default=argparse.SUPPRESS,
        help='what it should sound like: --direct "a calm night by the sea"',
    )
    parser.add_argument(
        "--fill",
        metavar="WHERE",
        default=argparse.SUPPRESS,
        help="all, or silent: add nothing where the video's own audio can be heard (default: all)",
    )


def _one_label(text: str) -> str:
    if not text.replace(";", " ").strip():
        raise argparse.ArgumentTypeError("is empty: name a label")
    return text


def top_option(parser: argparse.ArgumentParser) -> None:
    """--top: sets matching.top."""
    parser.add_argument(
        "--top",
        metavar="N",
        type=int,
        default=argparse.SUPPRESS,
        help="suggestions for each cue, the chosen one included (default: 5)",
    )


# The short option, and the setting that it is short for; what was given several times is joined by semicolons.
SHORT = {
    "avoid": "matching.avoid",
    "prefer": "matching.prefer",
    "only": "matching.only",
    "direct": "matching.direct",
    "fill": "matching.fill",
    "device": "model.device",
    "licence": "library.licences",
    "model": "model.name",
    "original": "mix.original",
    "profile": "mix.profile",
    "keep_tracks": "mix.keep_tracks",
    "missing": "mix.missing",
    "rerank": "matching.rerank",
    "top": "matching.top",
}


def settings_of(args: argparse.Namespace, base: Mapping[str, Any] | None = None) -> Settings:
    """The defaults, `base` (a cue sheet's settings), --config, --set, the short options. Raises SettingsError."""
    from sonify.settings import Settings

    given = {setting: getattr(args, name) for name, setting in SHORT.items() if hasattr(args, name)}
    values = {name: "; ".join(value) if isinstance(value, list) else value for name, value in given.items()}
    return Settings.load(getattr(args, "config", ()), getattr(args, "set", ()), values, base=base)


@dataclass(frozen=True)
class Context:
    """What a verb runs in: settings, the common options, progress, and where results go.

    `notes` fills with the sentences that were said on the way, for the JSON document.
    """

    settings: Settings
    output: Output
    show: Progress
    json: bool = False
    force: bool = False
    check: Callable[[], None] = lambda: None
    notes: list[str] = field(default_factory=list)
    results: list[dict[str, Any] | tuple[Any, ...]] = field(default_factory=list)

    def progress(self, event: Event) -> None:
        """The callback for the library. It also makes sure that a swallowed Ctrl-C still counts."""
        self.check()
        if event.note:
            self.notes.append(event.note)
        self.show(event)

    def result(self, document: dict[str, Any], *parts: Any) -> None:
        """Keeps, for when progress has ended, `document` with --json, else `parts`: strings or rich renderables."""
        self.results.append(document if self.json else parts)

    def print_results(self) -> None:
        """Prints what was kept."""
        for result in self.results:
            if isinstance(result, dict):
                self.output.document(result)
            else:
                self.output.parts(result)


def text_name(name: str) -> Path:
    """The path of a video. Raises VideoError for a name that is no text, which a cue sheet can't hold."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise VideoError(f"the name of {name} is no text (UTF-8)", hint="rename it") from None
    return Path(name)


def must_not_exist(path: Path, *, force: bool) -> None:
    """Raises RenderError for an output that is there, before any work is done."""
    if not force and os.path.lexists(path):
        raise RenderError(f"{path} exists", hint="pass --force to replace it, or -o to write elsewhere")
