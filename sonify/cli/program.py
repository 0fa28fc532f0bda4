"""From the words of the command line to an exit code."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

from sonify._version import __version__
from sonify.cli.arguments import option_names, plain_names
from sonify.cli.bars import showing
from sonify.cli.common import Context, Parser, UsageError, common_options, nearest, settings_of
from sonify.cli.interrupts import Interrupts
from sonify.cli.output import Output, OutputClosed, shown
from sonify.errors import SettingsError, SonifyError

VERBS = ("score", "suggest", "render", "batch", "library", "models", "eval", "doctor", "demo")
FAILED, USAGE, PIPE_CLOSED = 1, 2, 141
DEFECT = "this is a defect of sonify; --debug shows the traceback to report"


def main(interrupts: Interrupts) -> int:
    """The process: standard streams, then `run` over sys.argv; `interrupts` is listening already."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end
        # A file name may hold bytes that are no text, and a terminal may know only ASCII.
        getattr(sys, name).reconfigure(errors="backslashreplace")
    if "--debug" in sys.argv:
        logging.basicConfig(level=logging.INFO)
    else:
        logging.lastResort = None
        if not sys.warnoptions:
            warnings.simplefilter("ignore")
    code = run(sys.argv[1:], interrupts)
    interrupts.ignore()
    return code


def run(argv: Sequence[str], interrupts: Interrupts | None = None) -> int:
    """Does what the words ask; returns the exit code. Prints results on stdout, all else on stderr."""
    interrupts = interrupts or Interrupts()
    given = list(argv[: argv.index("--")]) if "--" in argv else list(argv)
    output = Output()
    try:
        return _run_or_fail(list(argv), given, output, interrupts)
    except KeyboardInterrupt:
        return interrupts.exit_code
    except OutputClosed as closed:
        # Python flushes stdout once more on its way out and would complain there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not closed.reason:
            return PIPE_CLOSED
        sys.stderr.write(f"sonify: error: can't write the results: {closed.reason}\n")
        return FAILED


def build() -> tuple[Parser, dict[str, Parser], dict[str, ModuleType]]:
    """The whole parser, the parser of each verb, and the module of each verb."""
    parser = Parser(
        prog="sonify",
        description="Match sound effects to video: pick them, place them, mix them, change them by hand.",
        epilog="`sonify VERB --help` explains a verb.",
    )
    parser.add_argument("--version", action="version", version=f"sonify {__version__}")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    common = common_options()
    modules = {verb: import_module(f"sonify.cli.{verb}") for verb in VERBS}
    for module in modules.values():
        module.add(subparsers, common)
    return parser, dict(subparsers.choices), modules


def parse(argv: Sequence[str]) -> tuple[argparse.Namespace, ModuleType]:
    """The parsed words and the module of their verb. Raises UsageError with the nearest name."""
    parser, verbs, modules = build()
    if not argv:
        parser.print_help(sys.stderr)
        raise UsageError("no verb", hint=f"write one of {', '.join(VERBS)}")
    first = argv[0]
    if first in verbs:
        words = [first, *plain_names(argv[1:], verbs[first])]
    elif not first.startswith("-"):
        raise UsageError(f"there is no verb {first!r}", hint=nearest(first, VERBS))
    elif first not in ("-h", "--help", "--version"):
        raise UsageError(f"unknown option {first}", hint="options stand after the verb, as in sonify score --json")
    else:
        words = list(argv)
    args, unknown = parser.parse_known_args(words)
    if unknown:
        raise _unknown(unknown[0], verbs[args.verb])
    return args, modules[args.verb]


def _run_or_fail(argv: list[str], given: list[str], output: Output, interrupts: Interrupts) -> int:
    try:
        return _run(argv, output, interrupts)
    except SystemExit as leaving:  # argparse, after --help and --version
        output.write("")
        return int(leaving.code or 0)
    except OutputClosed:
        raise
    except Exception as error:  # noqa: BLE001 - the last place where a defect can become one line
        interrupts.check()  # Ctrl-C reaches ffmpeg too, and then it fails: that is no news
        return _fail(error, output, given)


def _unknown(word: str, parser: Parser) -> UsageError:
    if not word.startswith("-"):
        return UsageError(f"one argument too many: {word!r}", hint=f"see {parser.prog} --help")
    name = word.split("=", 1)[0]
    known = option_names(parser)
    begin = [option for option in known if option.startswith(f"-{name}")]
    hint = f"did you mean {' or '.join(begin)}?" if begin else nearest(name, known)
    return UsageError(f"unknown option {name}", hint=f"{hint} (a file of that name goes after --)")


def _run(argv: list[str], output: Output, interrupts: Interrupts) -> int:
    args, module = parse(argv)
    settings = settings_of(args)
    with showing(quiet=getattr(args, "quiet", False)) as show:
        context = Context(
            settings,
            output,
            show,
            json=getattr(args, "json", False),
            force=getattr(args, "force", False),
            check=interrupts.check,
        )
        code: int = module.run(args, context)
    context.print_results()
    return code


def _fail(error: Exception, output: Output, given: Sequence[str]) -> int:
    """One line on stderr, and the document on stdout with --json."""
    text, code = _explain(error)
    if "--debug" in given:
        traceback.print_exception(error)
    sys.stderr.write(f"sonify: error: {shown(text)}\n")
    sys.stderr.flush()
    if "--json" in given:
        output.document({"error": {"kind": type(error).__name__, "message": text, "exit_code": code}})
    return code


def _explain(error: Exception) -> tuple[str, int]:
    if isinstance(error, SonifyError):
        text = f"{error.what}: {error.hint}" if error.hint else error.what
        return text, USAGE if isinstance(error, SettingsError) else FAILED
    if isinstance(error, MemoryError):
        return "out of memory: close other programs, or use a smaller model or --set model.batch_size=8", FAILED
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}: check the place and its free space", FAILED
    if isinstance(error, ImportError):
        return f"can't load {error.name or 'a package'} ({error}): `sonify doctor` says what is missing", FAILED
    return f"unexpected {type(error).__name__} ({error}): {DEFECT}", FAILED
