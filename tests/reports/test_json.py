"""The JSON of a diff and of a run has the form that DESIGN and the README promise."""

import msgspec

from replay.engine.diff import diff
from replay.engine.trace import Outcome
from replay.events.event import Command
from replay.reports.documents.diff import DiffReports, diff_report
from replay.reports.documents.run import run_report
from replay.reports.json.diff import diffs
from replay.reports.json.run import run
from replay.state.extents import Extent
from replay.state.objects import Object, Ref
from tests.handmade import disk, machine, node, trace

DO = Command("qmp", "do", {"device": "d"})
DONE = Outcome("returned", {})
NO = Outcome("refused", error={"class": "GenericError", "desc": "no"})


def test_a_diff_has_its_variants_headline_and_divergences():
    traces = [
        trace(
            name,
            (DO, DONE, machine(node(2, "d", x=x), roots=(2,))),
            (DO, outcome, machine(roots=())),
        )
        for name, x, outcome in [("a", 1, DONE), ("b", 2, NO)]
    ]
    told = msgspec.json.decode(diffs(DiffReports((diff_report(diff(*traces)),))))
    assert told["headline"].startswith("#2: qmp do device=d returns in a")
    assert told == {
        "format_version": 1,
        "log": {"name": "handmade", "fingerprint": traces[0].log.fingerprint},
        "variants": [
            {"name": t.variant.name, "revision": t.variant.revision, "digest": t.variant.digest}
            for t in traces
        ],
        "events": 2,
        "headline": told["headline"],
        "verdict": "differs",
        "compared": {"events": 2, "acting": 2, "gaps": []},
        "divergences": [
            {
                "kind": "field",
                "path": "d",
                "field": "x",
                "level": "state",
                "values": {"a": 1, "b": 2},
                "first_seq": 1,
                "last_seq": 1,
                "patches": [],
            },
            {
                "kind": "outcome",
                "path": "qmp do",
                "field": "",
                "level": "behaviour",
                "values": {
                    "a": {"status": "returned", "value": {}},
                    "b": {"status": "refused", "class": "GenericError"},
                },
                "first_seq": 2,
                "last_seq": 2,
                "patches": [],
            },
        ],
    }


def test_of_several_diffs_there_is_a_list():
    told = diff_report(diff(*(trace(name, (DO, DONE, machine(roots=()))) for name in ("a", "b"))))
    assert len(msgspec.json.decode(diffs(DiffReports((told, told))))) == 2


def test_a_run_has_the_whole_view_after_each_event():
    job = Object(4, "Job", (("kind", "mirror"), ("target", Ref(5))))
    files = disk("/a", gone=("/b",), data=(Extent(0, 128, 9),))
    state = machine(
        node(2, "d", drv="raw", open_flags=0x12, file=Ref(3), job=Ref(4)),
        node(3),
        job,
        node(5),
        roots=(2,),
        disk=files,
    )
    replayed = trace("a", (DO, DONE, state), (DO, NO, state))
    told = msgspec.json.decode(run(run_report(replayed)))
    header = {"format": "qcow2", "size": 1 << 20, "backing_file": None, "backing_format": None}
    step = {
        "seq": 1,
        "event": {"kind": "command", "channel": "qmp", "name": "do", "arguments": {"device": "d"}},
        "outcome": {"status": "returned", "value": {}},
        "nodes": [
            {
                "path": "d",
                "id": 2,
                "name": "d",
                "driver": "raw",
                "open_flags": 0x12,
                "open_flags_names": ["RDWR", "TEMPORARY"],
                "job_present": True,
            },
            {"path": "d.file", "id": 3, "name": ""},
        ],
        "other": [{"path": "other[0]", "id": 5, "name": ""}],
        "jobs": [{"path": "d.job", "kind": "mirror", "target": "other[0]"}],
        "files": {"/a": header | {"unlinked": False}, "/b": header | {"unlinked": True}},
    }
    refused = {"status": "refused", "error": {"class": "GenericError", "desc": "no"}}
    assert told["format_version"] == 1
    assert told["revision"] == "a^"
    assert told["digest"] == replayed.variant.digest
    assert told["steps"] == [step, step | {"seq": 2, "outcome": refused}]
    assert told["final_files"] == {"/a": header | {"content_runs_KiB": [[9, 64], [0, 960]]}}
