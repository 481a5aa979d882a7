"""Where each divergence is found in a page: what stands behind the # of its address."""

from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from replay.reports.documents.diff import DiffReport
from replay.reports.documents.divergences import DivergenceReport


def addresses(report: DiffReport, counts: Counter[str], several: bool = False) -> tuple[str, ...]:
    """The addresses of a report's divergences, "5/drive0.backing/open_flags".

    In a page of several logs with the log in front. What a browser would change is percent-encoded.
    No two in a page are the same: of a file and a node of one name, the second gets a "~2".
    `counts` is how often each stands in the page so far, and is kept.
    """
    log = [quote(report.log.name, safe="")] if several else []
    return tuple(_distinct((_address(log, one) for one in report.divergences), counts))


def _address(log: Iterable[str], report: DivergenceReport) -> str:
    divergence = report.divergence
    place = quote(divergence.place.path, errors="backslashreplace")
    parts = [*log, str(divergence.first_seq), place, quote(divergence.place.field)]
    return "/".join(filter(None, parts))


def _distinct(texts: Iterable[str], counts: Counter[str]) -> Iterator[str]:
    for text in texts:
        counts[text] += 1
        yield text if counts[text] == 1 else f"{text}~{counts[text]}"
