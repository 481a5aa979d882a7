"""The page of a diff: whole in itself, safe, and readable without its script."""

import base64
import gzip
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from replay.analysis.attribute import attribute
from replay.engine.diff import diff
from replay.engine.replay import replay
from replay.engine.trace import Outcome
from replay.events.event import Event, Guest, Log, fingerprint
from replay.formats.read import read
from replay.reports.documents.diff import DiffReports, diff_report
from replay.reports.html import diff as html
from replay.variants.variant import load_subject, resolve
from tests.handmade import machine, node, trace
from tests.hostile import hostile

ROOT = Path(__file__).parents[2]
VOID = {"meta", "img", "br", "input", "rect", "ellipse", "path"}
ADDRESSES = {"src", "href", "action", "formaction", "data", "poster", "srcset", "xlink:href"}


class Page(HTMLParser):
    """What stands in a page: elements with their attributes, ids, and whether all are closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def subject():
    return load_subject(ROOT / "patches")


@pytest.fixture(scope="module")
def made(subject):
    """made(FILE): the page of a recording's diff."""

    def make(path: Path) -> str:
        recording = next(iter(read(path)))
        events = tuple(event for event in recording.events if isinstance(event, Event))
        log = Log(recording.header.name, recording.header, events, fingerprint(events))
        variants = (resolve(subject, name, {}) for name in subject.config.default_variants)
        found = diff(*(replay(log, variant) for variant in variants))
        return html.diffs(DiffReports((diff_report(found, attribute(found)),)))

    return make


@pytest.fixture(scope="module")
def overlay(made) -> str:
    return made(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")


def moments(text: str) -> dict[int, str]:
    """The moments of a page by event, those that are packed included."""
    [packed] = re.findall(r'<script type="application/gzip;base64"[^>]*>([^<]*)</script>', text)
    lines = gzip.decompress(base64.b64decode(packed)).decode().splitlines()
    ready = re.findall(r'(?s)<section class="moment" id="l1e(\d+)".*?</section>', text)
    return {int(seq): "" for seq in ready} | dict(map(json.loads, lines))


def test_it_is_well_formed_and_its_ids_are_unique_and_its_links_lead_somewhere(overlay):
    page = Page(overlay)
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {a["href"] for tag, a in page.elements if tag == "a"}
    packed = {f"#l1e{seq}" for seq in moments(overlay)}
    assert links <= {f"#{id}" for id in ids} | packed


def test_it_asks_for_nothing_and_forbids_itself_to(overlay):
    page = Page(overlay)
    addresses = [v for _, a in page.elements for key, v in a.items() if key in ADDRESSES]
    assert addresses
    assert all(address.startswith("#") for address in addresses)
    assert not re.search(r"(?i)@import|url\(|https?:", re.sub(r'xmlns="[^"]*"', "", overlay))
    [policy] = [a["content"] for _, a in page.elements if "Content-Security" in str(a)]
    assert policy.startswith("default-src 'none';")


def test_each_event_has_its_moment(overlay):
    assert sorted(moments(overlay)) == [1, 2, 3, 4, 5, 6]


def test_it_tells_headline_variants_patches_and_values(overlay):
    told = " ".join(" ".join(Page(overlay).texts).split())
    assert "#5: the file /images/overlay.qcow2 exists in before and with; is unlinked" in told
    assert "the flags travel with the image again" in told
    assert "exists → unlinked" in told
    assert "-    bs_top.open_flags = bs_new.open_flags" in " ".join(Page(overlay).texts)
    assert re.search(r"Found by replaying \d+ revisions", told)
    assert "raw_open_common unlinked the file /images/overlay.qcow2" in told


def test_drawings_have_names_for_who_cannot_see_them(overlay):
    names = [a["aria-label"] for tag, a in Page(overlay).elements if a.get("role") == "img"]
    assert any(
        name.startswith("[base.qcow2") and "overlay.qcow2, unlinked" in name for name in names
    )


def test_nothing_of_a_hostile_recording_becomes_markup(made, tmp_path):
    text = made(hostile(tmp_path / "hostile.jsonl"))
    known = {tag for tag, _ in Page(made(ROOT / "patches/examples/snapshot-on.jsonl")).elements}
    for part in (text, *moments(text).values()):
        page = Page(part)
        assert page.open == []
        assert {tag for tag, _ in page.elements} <= known | {"b", "noscript", "nav"}
        assert not any(key.startswith("on") for _, a in page.elements for key in a)
        assert all(line.isprintable() for line in part.split("\n"))
    assert "49" not in re.findall(r"hmp (\S+)", text)


def test_a_log_without_a_difference_and_a_machine_that_never_was_have_a_page():
    read_none = Guest("read", "d", 0, 1)
    done = Outcome("refused", error={"class": "DeviceNotFound"})
    states = machine(node(2, "d", x=1), roots=(2,)), machine(roots=())
    same = diff_report(diff(*(trace(name, (read_none, done, states[0])) for name in "ab")))
    other = diff_report(
        diff(*(trace(n, (read_none, done, s)) for n, s in zip("ab", states, strict=True)))
    )
    page = Page(html.diffs(DiffReports((same, other))))
    assert page.open == []
    told = " ".join(" ".join(page.texts).split())
    assert "No difference: 1 event, the same in a and b; no code differs." in told
