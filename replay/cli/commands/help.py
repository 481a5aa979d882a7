"""replay help."""

from typing import Annotated

import typer

from replay.cli.app import COMMANDS, app, print_result
from replay.errors import NotFound
from replay.files import PACKAGE
from replay.reports.text.page import listing

TOPICS = {
    "revisions": "What code a log is replayed in: variants, patches on top, patches left out.",
    "events": "What a log is made of, and how to write one.",
    "checks": "Invariants: what they are asked about, and how to write one.",
    "baselines": "Accepting differences, so that only new ones fail.",
}


def complete_topics(incomplete: str) -> list[tuple[str, str]]:
    """The topics, and then the commands, that begin so."""
    lines = {**TOPICS, **{name: line for name, (_, line) in COMMANDS.items()}}
    return [(word, line) for word, line in lines.items() if word.startswith(incomplete)]


@app.command("help")
def help_with(
    context: typer.Context,
    topic: Annotated[
        str | None, typer.Argument(metavar="[TOPIC|COMMAND]", autocompletion=complete_topics)
    ] = None,
) -> None:
    """Tell about revisions, events, checks or baselines; or about a command, as --help does."""
    if topic is None:
        width = max(map(len, TOPICS))
        print_result(listing(f"{name:{width}}  {line}" for name, line in TOPICS.items()))
    elif topic in TOPICS:
        text = (PACKAGE / "cli" / "topics" / f"{topic}.txt").read_text(encoding="utf-8")
        print_result(text)
    elif topic in COMMANDS:
        whole = context.find_root()
        _, command, _ = whole.command.resolve_command(whole, [topic])  # type: ignore[attr-defined]
        with typer.Context(command, info_name=topic, parent=whole) as of_command:
            print_result(command.get_help(of_command) + "\n")
    else:
        known = ", ".join([*TOPICS, *COMMANDS])
        raise NotFound(f"no topic {topic}", do=f"there are {known}")
