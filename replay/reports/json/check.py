"""Breaches of checks as JSON."""

from typing import Annotated

from msgspec import Meta

from replay.events.event import Payload
from replay.reports.documents.check import BreachReport, CheckReport, CheckReports
from replay.reports.json.common import (
    FORMAT_VERSION,
    ComparedObject,
    Count,
    JsonObject,
    LogObject,
    PatchObject,
    Seq,
    VariantObject,
    Version,
    compared_object,
    encode,
    log_object,
    patch_objects,
    variant_objects,
)
from replay.reports.verdict import Verdict


class CheckEntry(JsonObject, frozen=True):
    """An invariant that was looked at."""

    name: str
    reason: str


class BreachObject(JsonObject, frozen=True):
    """Where and how long a check is breached."""

    check: str
    path: str
    first_seq: Seq
    last_seq: Seq
    event: Annotated[Payload, Meta(description="The first one's.")]
    patches: Annotated[
        list[PatchObject] | None,
        Meta(description="With --bisect those that brought it, none if base has it; else null."),
    ]


class CheckObject(JsonObject, frozen=True):
    """The breaches of one log in one variant."""

    format_version: Version
    log: LogObject
    variant: VariantObject
    events: Count
    verdict: Annotated[Verdict, Meta(description="differs: a check is breached.")]
    compared: ComparedObject
    checks: list[CheckEntry]
    breaches: list[BreachObject]


def checks(document: CheckReports) -> str:
    """The object of one log; of several a list."""
    documents = [*map(_check, document.logs)]
    return encode(documents[0] if len(documents) == 1 else documents)


def _check(report: CheckReport) -> CheckObject:
    (variant,) = variant_objects([report.variant])
    return CheckObject(
        format_version=FORMAT_VERSION,
        log=log_object(report.log),
        variant=variant,
        events=report.log.events,
        verdict=report.verdict,
        compared=compared_object(report.compared),
        checks=[CheckEntry(check.name, check.reason) for check in report.checks],
        breaches=[*map(_breach, report.breaches)],
    )


def _breach(report: BreachReport) -> BreachObject:
    breach = report.breach
    return BreachObject(
        check=breach.check.name,
        path=breach.path,
        first_seq=breach.first_seq,
        last_seq=breach.last_seq,
        event=report.event,
        patches=None if report.step is None else [*patch_objects(report.step)],
    )
