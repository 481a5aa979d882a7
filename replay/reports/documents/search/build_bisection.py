"""The document of a bisection over real builds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from replay.analysis.bisect_builds import BuildAnswer
from replay.reports import words
from replay.reports.documents.bisect import answer_text
from replay.reports.documents.common import LogId, VariantId, log_id, variant_id


class AnsweringBuild(Struct, frozen=True):
    """A build that was performed, and its answer, also in words."""

    build: VariantId
    answer: Any
    text: str


class BuildBisectionReport(Struct, frozen=True):
    """What was asked about, the answers in the order of the builds, and where they change.

    `changes` are pairs of places in `answers`; `builds` is how many builds were named.
    """

    log: LogId
    about: str
    answers: tuple[AnsweringBuild, ...]
    changes: tuple[tuple[int, int], ...]
    builds: int

    @property
    def headline(self) -> str:
        """Where the answer changes, in one sentence."""
        about = words.path(self.about)
        if not self.changes:
            return f"{about} is the same in every build."
        if len(self.changes) > 1:
            names = [words.escape(self.answers[new].build.name) for _, new in self.changes]
            return f"{about} changes {len(names)} times: with {', '.join(names)}."
        before, after = (self.answers[place] for place in self.changes[0])
        old, new = (words.escape(answer.build.name) for answer in (before, after))
        return f"{about} changes with {new}: {before.text} in {old}, {after.text} in {new}."

    @property
    def performed(self) -> str:
        """How many builds it took."""
        return f"{len(self.answers)} of {words.count(self.builds, 'build')} performed"


def build_bisection_report(
    about: str,
    answers: Sequence[BuildAnswer],
    changes: Iterable[tuple[BuildAnswer, BuildAnswer]],
    builds: int,
    flags: Mapping[str, int],
) -> BuildBisectionReport:
    """The report of the answers of builds to one question, `about` being that in words.

    `flags` are the names of the answers' bits, if these are a whole bit field.
    """
    positions = {answer.place: position for position, answer in enumerate(answers)}
    return BuildBisectionReport(
        log=log_id(answers[0].trace),
        about=about,
        answers=tuple(
            AnsweringBuild(variant_id(answer.trace), answer.value, _text(answer.value, flags))
            for answer in answers
        ),
        changes=tuple((positions[old.place], positions[new.place]) for old, new in changes),
        builds=builds,
    )


def _text(value: Any, flags: Mapping[str, int]) -> str:
    if value and isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return words.extents(value)
    return answer_text(value, flags)
