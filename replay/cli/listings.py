"""The plain lists: logs, events, variants, source lines, findings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from replay.reports import words
from replay.reports.text.page import Page, Piece, columns, listing
from replay.series import Patch, Series, label, parse_revision
from replay.series.annotate import AnnotatedLine
from replay.series.applies import RevisionSpan, revision_name
from replay.series.layout import BRANCH, Layout
from replay.series.take_back import PatchFileChange
from replay.store.addition import AddedLog
from replay.store.event_store import LogInfo
from replay.store.unfinished import Unfinished, next_command
from replay.store.verify import Finding
from replay.variants.variant import Subject, parse_machine, resolve

STATUS = {
    "stored": "stored {name}: {events}, {digest}",
    "present": "{name} is stored already with the same content, {digest}: nothing to do",
    "renamed": "stored as {name}, its own name is taken: {events}, {digest}",
}


def stored(result: AddedLog) -> str:
    """What became of one recording."""
    return STATUS[result.status].format(
        name=words.escape(result.name),
        events=words.count(result.events, "event"),
        digest=result.fingerprint[:12],
    )


def logs(infos: Iterable[LogInfo]) -> Page:
    """A line a log: name, number of events, fingerprint, description."""
    return listing(_logs(infos))


def _logs(infos: Iterable[LogInfo]) -> Iterator[Piece]:
    return _table(
        (info.name, words.count(info.events, "event"), info.fingerprint[:12], info.description)
        for info in infos
    )


def _table(rows: Iterable[Sequence[str]]) -> Iterator[Piece]:
    """Rows of texts, of which a terminal wraps the last."""
    table = [tuple(map(words.escape, row)) for row in rows]
    return columns(table, "<" * (len(table[0]) - 1) + "~" if table else "")


def unfinished(recording: Unfinished) -> str:
    """What there is of a recording that is no log yet, and what to do if it was broken off."""
    name, messages = words.escape(recording.name), words.count(recording.messages, "message")
    text = f"the recording {name} of {messages} goes on, or was broken off"
    return f"{text}; then {next_command(recording.name)} makes a log of it"


def finding(finding: Finding) -> Page:
    """One thing that is wrong in the database, and where."""
    place = f"log {finding.log}" if finding.log else "the database"
    if finding.seq:
        place += f", event {finding.seq}"
    return listing([f"{words.escape(place)}: {words.escape(finding.what)}"])


def damage(count: int) -> Page:
    """What to do about findings."""
    number = words.count(count, "finding")
    return listing([f"{number}: go back to a backup, or import the recordings into a new database"])


def intact(infos: Sequence[LogInfo]) -> Page:
    """What was verified, and what that means."""
    events = words.count(sum(info.events for info in infos), "event")
    return listing(
        [
            *_logs(infos),
            f"nothing found in {words.count(len(infos), 'log')} with {events}.",
            "That rules out accidents, not a change of rows with all digests computed anew.",
        ]
    )


def variants(subject: Subject, named: Mapping[str, str], with_series: bool) -> Page:
    """The named variants: name, revision, digest and purpose; then perhaps the patches."""
    about = {name: variant.about for name, variant in subject.config.variants.items()}
    table = _table(
        _variant(subject, name, named, about.get(name, "")) for name in {**about, **named}
    )
    series: list[str | Piece] = ["", *_series(subject)] if with_series else []
    return listing([*table, *series])


def builds(rows: Iterable[Sequence[str]]) -> Page:
    """A line a build: its expression, version, digest and what to know of its tools."""
    return listing(_table(rows))


def _variant(
    subject: Subject, name: str, named: Mapping[str, str], about: str
) -> tuple[str, str, str, str]:
    if parse_machine(name, named):
        return name, named[name], "", "a real machine"
    variant = resolve(subject, name, named)
    return variant.name, variant.revision, variant.digest[:12], about


def _series(subject: Subject) -> Iterator[Piece]:
    """The patches in their order: sha, date, subject or name of a group."""
    patches = subject.series.patches
    releases: dict[int, list[str]] = {}
    for name, release in subject.config.releases.items():
        releases.setdefault(parse_revision(subject.series, release.revision), []).append(name)
    rows = [
        (patch.sha[:10], _day(patch.date), " ".join([patch.title, *_tags(releases.get(depth))]))
        for depth, patch in enumerate(patches, 1)
    ]
    return _table([("base", "", "the tree at the start of the series"), *rows])


def _tags(releases: Sequence[str] | None) -> Iterator[str]:
    """The releases whose last patch of the series this is, as git shows tags."""
    if releases:
        yield f"({', '.join(releases)})"


def source(text: str) -> Page:
    """Source text, line by line."""
    return listing(map(words.escape, text.splitlines()))


def annotated(lines: Iterable[AnnotatedLine]) -> Page:
    """A line of source a line, after the patch that put it there."""
    return listing(map(_annotated, lines))


def _annotated(line: AnnotatedLine) -> str:
    patch = line.sha[:10] or words.escape(line.patch)
    return f"{patch:10} {line.line:4} {words.escape(line.text)}".rstrip()


def applicable(series: Series, patches: Sequence[Patch], spans: Sequence[RevisionSpan]) -> Page:
    """The revisions at which patches apply, and what is in the way at the others."""
    name = patches[0].name if len(patches) == 1 else words.count(len(patches), "patch", "patches")
    count = sum(span.count for span in spans if not span.conflict)
    verb = "applies" if len(patches) == 1 else "apply"
    revisions = words.count(len(series.patches) + 1, "revision")
    head = f"{words.escape(name)} {verb} at {count} of {revisions}"
    rows = [
        (
            revision_name(series, span.first),
            revision_name(series, span.last) if span.count > 1 else "",
            _fate(series, span),
        )
        for span in spans
    ]
    return listing([head, *_table(rows)])


def _fate(series: Series, span: RevisionSpan) -> str:
    """That patches apply, or from which patch on or up to which not, and what is in the way."""
    if not span.conflict:
        return "applies"
    if span.first:
        return f"since {label(series.patches[span.first - 1])}: {span.conflict}"
    if span.last < len(series.patches):
        return f"up to {label(series.patches[span.last])}: {span.conflict}"
    return span.conflict


def layout(layout: Layout, directory: Path) -> Page:
    """What was laid out, and the way back."""
    where = words.escape(str(directory))
    commits = words.count(len(layout.patches), "patch", "patches")
    tags = f", {words.count(len(layout.tags), 'tag')}" if layout.tags else ""
    back = f"replay am {where}" if layout.rest is not None else f"replay am {where} -o STACK"
    return listing(
        [
            f"{where}: branch {BRANCH}, base and {commits}{tags}",
            f"change it with git (commit, rebase -i), then: {back}",
        ]
    )


def taken(changes: Sequence[PatchFileChange], directory: Path) -> Page:
    """What became of the patch files."""
    rows = _table((change.fate, change.name) for change in changes)
    where = words.escape(str(directory))
    return listing([*rows] if changes else [f"{where} says the same already"])


def _day(date: str) -> str:
    """The date of a mail without weekday, time and zone: "14 May 2012"."""
    return " ".join(date.partition(",")[2].split()[:3]) or date
