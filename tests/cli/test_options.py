"""The forms that commands offer are the forms that they have."""

import pytest

from replay.cli.commands import bisect, check, conform, diff, explain, graph, run
from replay.cli.options import OutputFormat, PageFormat
from replay.reports.rendering import RENDERERS


@pytest.mark.parametrize(
    ("table", "offered"),
    [
        (run.RUNS, PageFormat),
        ({PageFormat.TEXT, *diff.FORMS}, PageFormat),
        (explain.EXPLANATIONS, OutputFormat),
        (bisect.BISECTIONS, OutputFormat),
        (check.CHECKS, OutputFormat),
        (conform.FORMATS, OutputFormat),
        (conform.OBSERVED, OutputFormat),
        (graph.DRAWINGS, graph.DrawingFormat),
    ],
)
def test_a_command_has_every_form_that_it_offers(table, offered):
    assert set(table) == set(offered)


def test_scripts_have_the_forms_that_commands_have():
    pages, others = set(PageFormat), set(OutputFormat)
    names = {form.name for forms in RENDERERS.values() for form in forms}
    assert names == {form.name for form in pages | others}
