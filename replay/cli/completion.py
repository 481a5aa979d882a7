"""What the shell offers to complete a word with: variants, revisions, logs, places, checks.

The shell waits for it, so a series is read here without being applied, and only places need a
replay. What goes wrong offers nothing: the command itself will say it.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from replay.errors import ReplayError
from replay.files import shipped
from replay.printable import escape

if TYPE_CHECKING:
    from replay.engine.trace import ModelTrace

Offer = tuple[str, str]
"""A word, and a line about it."""

# Each of these imports much, and only the one that is asked for is wanted.
# ruff: noqa: PLC0415

_POINT = re.compile(r"(?P<before>.*\.\.)?(?P<point>.*)", re.DOTALL)
_CHANGE = re.compile(r"(?P<kept>.+[+-])(?P<sha>[0-9a-f]{0,40})", re.DOTALL)
_HEADER = re.compile(
    r"From ([0-9a-f]{8})[0-9a-f]{32} .*?^Subject: (.*?)$", re.DOTALL | re.MULTILINE
)
HEADER = 4096
"""Characters of a patch file in which its header stands."""

Completer = Callable[[typer.Context, str], list[Offer]]


def _quiet(offer: Callable[[typer.Context, str], Iterable[Offer]]) -> Completer:
    """The offers that begin as the word does; none where something is wrong.

    What has a character that a terminal obeys is offered to nobody, and is escaped in what is told.
    """

    @wraps(offer)
    def complete(ctx: typer.Context, incomplete: str) -> list[Offer]:
        try:
            offers = [*offer(ctx, incomplete)]
        except (ReplayError, OSError, ValueError):
            return []
        return [
            (word, escape(about))
            for word, about in offers
            if word.startswith(incomplete) and word.isprintable()
        ]

    return complete


@_quiet
def complete_variants(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Variants and revisions, behind `A..` too, and behind + and - the patches of the series."""
    match = _POINT.fullmatch(incomplete)
    before, point = (match["before"] or "", match["point"]) if match else ("", incomplete)
    change = _CHANGE.fullmatch(point)
    if change:
        for sha, subject in _patches(ctx):
            yield f"{before}{change['kept']}{sha}", subject
        return
    for word, about in (*_names(ctx), *_patches(ctx)):
        yield f"{before}{word}", about


@_quiet
def complete_revisions(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """Variants and revisions as they stand in FILE@REV; what stands before the @ is kept."""
    file, at, _ = incomplete.rpartition("@")
    yield from ((f"{file}{at}{word}", about) for word, about in (*_names(ctx), *_patches(ctx)))


@_quiet
def complete_patches(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """The patches of the series by their shas, several with commas between."""
    before, comma, _ = incomplete.rpartition(",")
    yield from ((f"{before}{comma}{sha}", subject) for sha, subject in _patches(ctx))


@_quiet
def complete_logs(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """The stored logs; where none is meant, the shell offers files."""
    from replay.store.event_store import open_store

    db = str(_option(ctx, "db") or "replay.db")
    if "://" not in db and not Path(db).exists():
        return  # opening would make it
    with open_store(db) as store:
        yield from ((info.name, info.description) for info in store.logs())


def complete_words(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Variants and then logs, as diff has them."""
    return [*complete_logs(ctx, incomplete), *complete_variants(ctx, incomplete)]


@_quiet
def complete_places(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """The nodes, fields, flags and files of the log that was named, a part at a time."""
    from replay.engine.find_place import place_names

    names = [name for name in place_names([_trace(ctx)]) if name.startswith(incomplete)]
    longer = {name for name in names if name != incomplete}
    for name in names:
        parents = (name[: match.start()] for match in re.finditer(r"\.", name))
        if not any(parent in longer for parent in parents):
            yield name, ""


def complete_places_or_variants(ctx: typer.Context, incomplete: str) -> list[Offer]:
    """Places and then variants, as explain has them."""
    return [*complete_places(ctx, incomplete), *complete_variants(ctx, incomplete)]


@_quiet
def complete_checks(ctx: typer.Context, incomplete: str) -> Iterator[Offer]:
    """The subject's invariants, each with its reason."""
    text = (_directory(ctx) / "checks.py").read_text()
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.FunctionDef):
            yield statement.name, ast.get_docstring(statement) or ""


def _option(ctx: typer.Context, name: str) -> object:
    """An option before the command."""
    return ctx.find_root().params.get(name)


def _directory(ctx: typer.Context) -> Path:
    patches = _option(ctx, "patches")
    return Path(str(patches)) if patches else shipped("patches")


def _names(ctx: typer.Context) -> Iterator[Offer]:
    """The subject's variants, its releases, the user's names, and what is no model."""
    from replay.variants.subject import read_config

    config = read_config(_directory(ctx) / "subject.toml")
    yield from ((name, variant.about) for name, variant in config.variants.items())
    named = _option(ctx, "variant")
    for definition in named if isinstance(named, list | tuple) else ():
        name, _, expression = str(definition).partition("=")
        yield name, expression
    yield from ((name, release.revision) for name, release in config.releases.items())
    yield "base", "the tree at the start of the series"
    yield "recorded", "what the recording saw"
    yield "qemu", "the QEMU of this machine"


def _patches(ctx: typer.Context) -> Iterator[Offer]:
    """Short sha and subject of the patches of the series."""
    directory = _directory(ctx)
    for line in (directory / "series").read_text().splitlines():
        if words := line.partition("#")[0].split():
            with (directory / words[0]).open() as file:
                header = _HEADER.match(file.read(HEADER))
            if header:
                yield header[1], header[2]


def _trace(ctx: typer.Context) -> "ModelTrace":
    """The named log in the variant that --at names, or the last; nothing is stored."""
    from replay import api
    from replay.cli.session import Session
    from replay.store.event_store import open_store

    # Behind an option that still lacks its value no argument is assigned yet.
    words = [ctx.params.get("name"), *ctx.args]
    word = next((str(word) for word in words if word), "")
    patches = _option(ctx, "patches")
    session = Session("", Path(str(patches)) if patches else None, {}, ctx.with_resource)
    if Path(word).is_file():
        log = api.read_log(word)
    else:
        with open_store(str(_option(ctx, "db"))) as store:
            log = store.load(word)
    return api.replay(log, session.variant(ctx.params.get("revision")))
