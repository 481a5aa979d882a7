"""A bisection over real builds as JSON."""

from typing import Annotated, Any

from msgspec import Meta

from replay.reports.documents.search.build_bisection import BuildBisectionReport
from replay.reports.json.common import (
    FORMAT_VERSION,
    Count,
    JsonObject,
    LogObject,
    VariantObject,
    Version,
    encode,
    log_object,
    variant_objects,
)


class BuildAnswerObject(JsonObject, frozen=True):
    """A build that was performed."""

    build: VariantObject
    answer: Any


class BuildChangeObject(JsonObject, frozen=True):
    """Two builds, neighbours in the list, that answer differently, by their names."""

    before: str
    after: str


class BuildBisectionObject(JsonObject, frozen=True):
    """Where something changes between real builds (--builds)."""

    format_version: Version
    log: LogObject
    about: Annotated[str, Meta(description="What is searched for.")]
    answers: Annotated[
        list[BuildAnswerObject], Meta(description="In the order in which builds were named.")
    ]
    changes: Annotated[
        list[BuildChangeObject], Meta(description="The first that was found, or all with --all.")
    ]
    builds: Annotated[Count, Meta(description="How many builds were named.")]


def build_bisection(report: BuildBisectionReport) -> str:
    """The bisection as an object."""
    builds = variant_objects(answer.build for answer in report.answers)
    answers = [
        BuildAnswerObject(build, answer.answer)
        for build, answer in zip(builds, report.answers, strict=True)
    ]
    changes = [BuildChangeObject(builds[old].name, builds[new].name) for old, new in report.changes]
    return encode(
        BuildBisectionObject(
            format_version=FORMAT_VERSION,
            log=log_object(report.log),
            about=report.about,
            answers=answers,
            changes=changes,
            builds=report.builds,
        )
    )
