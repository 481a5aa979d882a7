"""What a reader takes along from a page: commands that show the same, the log, a script."""

import json
import re
import shlex
from collections.abc import Sequence

from msgspec import Struct

from replay.reports.documents.diff import DiffReport
from replay.reports.documents.divergences import DivergenceReport
from replay.reports.documents.many.groups import DiffBrief

UNSAFE = re.compile(r"[^ -~]|<")


class Copies(Struct, frozen=True):
    """Of one log: the command that compares it, the script that shows it to others, and the log.

    `log` is its native form, a line of JSON for each event, in which a browser finds no markup; ""
    if there is no room for it, or the report has it no more. `export` is the command that writes
    it. `explaining` are commands, one for each divergence: why it is there.
    """

    compare: str
    script: str
    export: str
    log: str
    explaining: Sequence[str]


def copies(report: DiffReport, room: int) -> Copies:
    """The same for a report, with the log if it takes no more than so many characters."""
    compare = comparing(report)
    names = [_word(report, variant.name) for variant in report.variants]
    return Copies(
        compare=compare,
        script=shlex.join(["replay", "reproduce", *names, "--", report.log.name]),
        export=shlex.join(["replay", "export", report.log.name]),
        log=_log(report, room),
        explaining=[_explaining(report, one) or compare for one in report.divergences],
    )


def comparing(report: DiffReport | DiffBrief) -> str:
    """The command that compares a log in the same variants."""
    names = [_word(report, variant.name) for variant in report.variants]
    return shlex.join(["replay", "diff", *names, "--", report.log.name])


def _word(report: DiffReport | DiffBrief, name: str) -> str:
    """A variant for a command line: a name that only its own one defined is not known in others."""
    [variant] = (variant for variant in report.variants if variant.name == name)
    return variant.name if variant.about or name not in report.models else variant.revision


def _explaining(report: DiffReport, one: DivergenceReport) -> str:
    """The command that explains the first two values that differ; "" if they have no code."""
    values = one.divergence.values
    first, *others = [values.get(name) for name in report.models] or [None]
    pairs = zip(report.models[1:], others, strict=True)
    other = next((name for name, value in pairs if value != first), None)
    if other is None:
        return ""
    between = f"{_word(report, report.models[0])}..{_word(report, other)}"
    what = _asked(one)
    if what is None:
        return ""
    seq = str(one.divergence.first_seq)
    return shlex.join(["replay", "explain", report.log.name, *what, between, "--seq", seq])


def _asked(one: DivergenceReport) -> list[str] | None:
    """The place as `explain` takes it: no word for an outcome, None for what it can't be asked."""
    if one.is_outcome:
        return []
    operand = one.divergence.place.operand
    return None if operand is None else [operand]


def _log(report: DiffReport, room: int) -> str:
    lines: list[str] = []
    for line in report.native():
        lines.append(UNSAFE.sub(_escaped, line.decode().rstrip("\n")))
        room -= len(lines[-1])
        if room < 0:
            return ""
    return "\n".join(lines)


def _escaped(match: re.Match[str]) -> str:
    """As JSON writes it in a string, where alone it can stand."""
    return "\\u003c" if match[0] == "<" else json.dumps(match[0])[1:-1]
