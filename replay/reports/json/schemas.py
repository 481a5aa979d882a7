"""The JSON Schema of each command's document, made of the types that it is encoded from."""

from typing import Any

import msgspec

from replay.reports.json.bisect import BisectObject
from replay.reports.json.check import CheckObject
from replay.reports.json.conform import ConformObject, RecordingObject
from replay.reports.json.diff import DiffObject
from replay.reports.json.explain import ExplainObject
from replay.reports.json.run import RunObject

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DOCUMENTS: dict[str, tuple[Any, str]] = {
    "bisect": (BisectObject, "An object."),
    "check": (CheckObject | list[CheckObject], "An object for one log, a list for several."),
    "conform": (
        ConformObject | list[RecordingObject],
        "Of a directory an object; of a recording a list, an object for each variant.",
    ),
    "diff": (DiffObject | list[DiffObject], "An object for one log, a list for several."),
    "explain": (ExplainObject, "An object."),
    "run": (RunObject, "An object."),
}
"""What each command prints as JSON, and how many of it."""


def schema(command: str) -> dict[str, Any]:
    """The schema of a command's document, which needs no other."""
    document, number = DOCUMENTS[command]
    (root,), parts = msgspec.json.schema_components([document], ref_template="#/$defs/{name}")
    about = {"title": f"replay {command} --format json", "description": number}
    return {"$schema": DIALECT, "$id": f"{command}.json", **about, **root, "$defs": parts}
