"""What a subject knows of commands besides what its trees do with them.

It stands in commands.toml, a table for each channel: which argument names a file, and whether a
log may give the command to the real program.
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from replay.errors import BadInput
from replay.files import must_lead_inside, shipped

FILE = "commands.toml"


class CommandRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of a command; the default is what holds for one that is not in the table.

    `performed`: the real program may be given it. `today` is its name in today's program, if that
    is another, and `arguments` are the names of its arguments there. `file` and `format` are the
    arguments that name a file and its format; `makes` says that the command makes this file,
    unless its mode is existing.
    """

    performed: bool = False
    today: str = ""
    arguments: Mapping[str, str] = {}
    file: str = ""
    format: str = ""
    makes: bool = False


class CommandRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of commands by name, for each channel that has some."""

    qmp: Mapping[str, CommandRule] = {}
    hmp: Mapping[str, CommandRule] = {}


NO_RULE = CommandRule()
NO_RULES = CommandRules()


def read_command_rules(directory: Path) -> CommandRules:
    """The rules of the subject in a directory; none of any command if it has no such file.

    Raises BadInput with the file and the reason if it is not as described.
    """
    path = directory / FILE
    if not path.exists():
        return NO_RULES
    must_lead_inside(path, directory)
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), CommandRules)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadInput(str(error), where=str(path)) from error


@lru_cache
def shipped_command_rules() -> CommandRules:
    """The rules of the bundled subject."""
    # Readers ask for every command of a recording.
    return read_command_rules(shipped("patches"))
