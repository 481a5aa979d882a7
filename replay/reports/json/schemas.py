"""The JSON Schema of each command's document, made of the types that it is encoded from."""

from inspect import cleandoc
from typing import Any

import msgspec

from replay.reports.json.bisect import BisectObject
from replay.reports.json.check import CheckObject
from replay.reports.json.conform import ConformObject, RecordingObject
from replay.reports.json.diff import DiffHistoryObject, DiffObject
from replay.reports.json.explain import ExplainObject
from replay.reports.json.log import LogDocument
from replay.reports.json.run import RunObject
from replay.reports.json.search.build_bisection import BuildBisectionObject
from replay.reports.json.search.coverage import CoverageObject
from replay.reports.json.search.hunt import HuntObject
from replay.reports.json.search.minimal_patches import MinimalObject
from replay.reports.json.search.shrink import ShrinkObject
from replay.reports.json.search.touched import TouchedObject

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DOCUMENTS: dict[str, tuple[Any, str]] = {
    "bisect": (BisectObject, "An object."),
    "bisect-builds": (BuildBisectionObject, "An object, of bisect with --builds."),
    "bisect-minimal": (MinimalObject, "An object, of bisect with --minimal."),
    "check": (CheckObject | list[CheckObject], "An object for one log, a list for several."),
    "conform": (
        ConformObject | list[RecordingObject],
        "Of a directory an object; of a recording a list, an object for each variant.",
    ),
    "cover": (CoverageObject, "An object."),
    "diff": (DiffObject | list[DiffObject], "An object for one log, a list for several."),
    "diff-since": (DiffHistoryObject, "An object, of diff with --since."),
    "explain": (ExplainObject, "An object."),
    "hunt": (HuntObject | list[HuntObject], "An object for one hunt, a list with --neighbours."),
    "log": (LogDocument, "An object."),
    "run": (RunObject, "An object."),
    "shrink": (ShrinkObject, "An object."),
    "touched": (TouchedObject, "An object."),
}
"""What each command prints as JSON, and how many of it."""


def schema(command: str) -> dict[str, Any]:
    """The schema of a command's document, which needs no other."""
    document, number = DOCUMENTS[command]
    (root,), parts = msgspec.json.schema_components([document], ref_template="#/$defs/{name}")
    about = {"title": f"replay {command} --format json", "description": number}
    whole = {"$schema": DIALECT, "$id": f"{command}.json", **about, **root, "$defs": parts}
    return {key: _dedented(value) for key, value in whole.items()}


def _dedented(part: Any) -> Any:
    """A part of a schema, its descriptions without the indentation that docstrings have.

    msgspec takes that away since 0.23, and left it before.
    """
    if isinstance(part, dict):
        return {
            key: cleandoc(value)
            if key == "description" and isinstance(value, str)
            else _dedented(value)
            for key, value in part.items()
        }
    return [_dedented(value) for value in part] if isinstance(part, list) else part
