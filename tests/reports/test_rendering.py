"""Renderers: what they may know, and that every document has them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from replay.reports.rendering import RENDERERS, OutputFormat

ROOM = Path(__file__).parents[2] / "replay" / "reports"
KNOWING = {"documents", "verdict.py", "words.py"}
"""What makes documents, and what puts values of the engine into words."""

RENDERING = ("text", "json", "markdown", "html", "drawing")


def imports(file: Path) -> Iterator[str]:
    """The modules of replay that a file imports from."""
    for statement in ast.walk(ast.parse(file.read_text())):
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("replay"):
            yield statement.module or ""


def test_only_documents_words_and_verdicts_know_the_engine_the_analysis_and_qemu():
    known = ("replay.engine", "replay.analysis", "replay.qemu")
    wrong = [
        f"{file.relative_to(ROOM)} knows {module}"
        for file in ROOM.rglob("*.py")
        if file.relative_to(ROOM).parts[0] not in KNOWING
        for module in imports(file)
        if module.startswith(known)
    ]
    assert wrong == []


def test_no_document_knows_a_renderer():
    wrong = [
        f"{file.name} knows {module}"
        for file in (ROOM / "documents").glob("*.py")
        for module in imports(file)
        if module.startswith(tuple(f"replay.reports.{name}" for name in RENDERING))
    ]
    assert wrong == []


def test_renderers_of_different_formats_do_not_know_each_other():
    wrong = [
        f"{name} knows {module}"
        for name in RENDERING
        for file in (ROOM / name).glob("*.py")
        for module in imports(file)
        for other in RENDERING
        if other not in (name, "drawing") and module.startswith(f"replay.reports.{other}")
    ]
    assert wrong == []


@pytest.mark.parametrize("document", RENDERERS)
def test_every_result_but_pictures_and_logs_is_had_as_text_json_and_markdown(document):
    formats = set(RENDERERS[document])
    assert {OutputFormat.TEXT, OutputFormat.JSON, OutputFormat.MARKDOWN} <= formats or (
        document in ("DiffGroups", "Drawing", "LogReport", "Walk")
    )


@pytest.mark.parametrize("document", RENDERERS)
def test_every_document_has_a_text_or_a_picture(document):
    assert {OutputFormat.TEXT, OutputFormat.SVG} & set(RENDERERS[document])
