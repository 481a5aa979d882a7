"""What `replay diff` prints for each example, whole; `pytest --write-gold` writes it anew."""

from pathlib import Path

import pytest

from replay.analysis.attribute import attribute
from replay.engine.diff import diff
from replay.reports.documents.diff import DiffReport, DiffReports, diff_report
from replay.reports.rendering import OutputFormat, render
from replay.reports.text import diff as text
from replay.variants.variant import load_subject
from tests.examples import NAMES, PATCHES, example, traced

ROOT = Path(__file__).parents[2]
GOLD = ROOT / "tests" / "data" / "gold"


@pytest.fixture(scope="module")
def reports() -> dict[str, DiffReport]:
    """The report of each example in the variants that the subject names."""
    subject = load_subject(PATCHES)

    def told(name: str) -> DiffReport:
        found = diff(*traced(subject, example(name), *subject.config.default_variants))
        return diff_report(found, attribute(found))

    return {name: told(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format", [OutputFormat.TEXT, OutputFormat.JSON, OutputFormat.MARKDOWN])
def test_a_diff_of_an_example_reads_as_it_did(reports, request, name, format):
    gold = GOLD / f"{name}{format.suffix}"
    # where an event was read is told with the directory that the tests are in
    told = str(render(DiffReports((reports[name],)), format)).replace(f"{ROOT}/", "")
    if request.config.getoption("--write-gold"):
        gold.parent.mkdir(exist_ok=True)
        gold.write_text(told)
    assert told == gold.read_text()


def test_there_is_no_expected_output_of_an_example_that_is_gone():
    assert {path.stem for path in GOLD.iterdir() if path.is_file()} == set(NAMES)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_text_keeps_to_the_width(reports, width):
    for told in reports.values():
        for _, line in text.diff(told, details=True).laid(width):
            assert len(line) <= width or " " not in line.strip(), line
