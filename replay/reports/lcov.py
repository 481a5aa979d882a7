"""Coverage as a tracefile of lcov, which genhtml and editors read."""

from collections.abc import Iterator

from replay.reports import words
from replay.reports.documents.search.coverage import CoverageReport, FileReach


def lcov(report: CoverageReport) -> str:
    """The tracefile that genhtml and editors read."""
    return "".join(f"{record}\n" for it in report.files for record in _lcov(it))


def _lcov(it: FileReach) -> Iterator[str]:
    yield "TN:replay"
    yield f"SF:{words.escape(it.name)}"
    for branch in it.branches:
        # BRDA: line, block, number of the branch, how often it was taken, "-" if nothing came there
        hits = f"{int(branch in it.taken)}" if branch.start in it.contexts else "-"
        yield f"BRDA:{branch.start},0,{0 if branch.into else 1},{hits}"
    yield f"BRF:{len(it.branches)}"
    yield f"BRH:{len(it.taken)}"
    yield from (f"DA:{number},{len(it.contexts.get(number, ()))}" for number in it.statements)
    yield f"LF:{len(it.statements)}"
    yield f"LH:{len(it.reached)}"
    yield "end_of_record"
