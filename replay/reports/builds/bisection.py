"""The report of a bisection over builds, as text and JSON."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from replay.analysis.bisect_builds import BuildAnswer
from replay.reports import words
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id
from replay.reports.json.common import FORMAT_VERSION, encode, log_object
from replay.reports.text.page import Page, Piece, block, header, page


class AnsweringBuild(Struct, frozen=True):
    """A build that was performed, and its answer."""

    build: VariantId
    answer: Any


class BuildBisectionReport(Struct, frozen=True):
    """What was asked about, the answers in the order of the builds, and where they change.

    `changes` are pairs of places in `answers`; `builds` is how many builds were named. `flags` are
    the flags of the place, if it is a whole bit field.
    """

    log: LogId
    about: str
    answers: tuple[AnsweringBuild, ...]
    changes: tuple[tuple[int, int], ...]
    builds: int
    flags: Mapping[str, int] = {}


def build_bisection_report(
    about: str,
    answers: Iterable[BuildAnswer],
    changes: Iterable[tuple[BuildAnswer, BuildAnswer]],
    builds: int,
    flags: Mapping[str, int],
) -> BuildBisectionReport:
    """The report of the answers of builds to one question, `about` being that in words."""
    ordered = sorted(answers, key=lambda answer: answer.place)
    positions = {answer.place: position for position, answer in enumerate(ordered)}
    return BuildBisectionReport(
        log=log_id(ordered[0].trace),
        about=about,
        answers=tuple(AnsweringBuild(variant_id(a.trace), a.value) for a in ordered),
        changes=tuple((positions[old.place], positions[new.place]) for old, new in changes),
        builds=builds,
        flags=flags,
    )


def text(report: BuildBisectionReport) -> Page:
    """Where the answer changes, then what each build that was performed answers."""
    pieces: list[str | Piece] = [*header(report.log, [a.build for a in report.answers]), ""]
    pieces += [block("", _headline(report), role="headline"), ""]
    for answer in report.answers:
        lead = f"{words.escape(answer.build.name)}: "
        pieces.append(block(lead, _shown(answer.answer, report.flags), hang=2 - len(lead)))
    performed = f"{len(report.answers)} of {words.count(report.builds, 'build')} performed"
    return page([*pieces, "", block("", performed, role="faint")])


def _headline(report: BuildBisectionReport) -> str:
    about = words.escape(report.about)
    if not report.changes:
        return f"{about} is the same in every build."
    if len(report.changes) > 1:
        names = [words.escape(report.answers[new].build.name) for _, new in report.changes]
        return f"{about} changes {len(names)} times: with {', '.join(names)}."
    before, after = (report.answers[place] for place in report.changes[0])
    old, new = (_shown(answer.answer, report.flags) for answer in (before, after))
    names = [words.escape(answer.build.name) for answer in (before, after)]
    return f"{about} changes with {names[1]}: {old} in {names[0]}, {new} in {names[1]}."


def _shown(value: Any, flags: Mapping[str, int]) -> str:
    if flags and isinstance(value, int):
        return words.flags(sorted(words.set_flags(value, flags)))
    if isinstance(value, Mapping) and "status" in value:
        return words.outcome(value["status"], value.get("value"), value)
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return words.extents(value)
    return words.value(value)


def json(report: BuildBisectionReport) -> str:
    """The object of a bisection over builds."""
    return encode(
        {
            "format_version": FORMAT_VERSION,
            "log": log_object(report.log),
            "about": report.about,
            "answers": report.answers,
            "changes": [
                {"before": report.answers[old].build.name, "after": report.answers[new].build.name}
                for old, new in report.changes
            ],
            "builds": report.builds,
        }
    )
