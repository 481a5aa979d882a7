"""Expressions become compiled points of the series; what is wrong is told before anything runs."""

import difflib
from pathlib import Path

import pytest

from replay.errors import ReplayError
from replay.series.annotate import annotate, show
from replay.variants.expression import MachineSpec, format_expression, parse_machine
from replay.variants.subject import ChannelConfig, FieldConfig, VariantConfig, read_config
from replay.variants.variant import (
    Subject,
    Variant,
    expressions,
    is_expression,
    load_subject,
    parse_range,
    resolve,
)

MODEL = """class Machine:
    nodes: list = []
    total: int = 0


class Node:
    name: str = ""
    file: Node = None


LIMIT = 1


def cli_drive(text):
    machine.total = machine.total + LIMIT
    return machine.total


STEP = 1


def hmp_commit(text):
    return STEP
"""
STATES = (
    MODEL,
    MODEL.replace("LIMIT = 1", "LIMIT = 2"),
    MODEL.replace("LIMIT = 1", "LIMIT = 3"),
    MODEL.replace("LIMIT = 1", "LIMIT = 3").replace("STEP = 1", "STEP = 2"),
)
SHAS = ("1a2b3c4d" + "0" * 32, "2b3c4d5e" + "0" * 32, "3c4d5e6f" + "0" * 32)
TOML = """machine = "Machine"
hidden = ["opaque"]

[node]
class = "Node"
children = ["file"]
chain = "file"
roots = "nodes"
root_name = "name"

[fields]
driver = "drv"
dev_attached = { from = "dev", as = "present" }

[channels]
cli = { refusal_stops = true }
hmp = { refusal = "text" }

[jobs]
field = "job"

[bits.open_flags]
SNAPSHOT = 0x8
TEMPORARY = 0x10

[variants]
before = { revision = "1a2b3c4d^", about = "the tree before" }
after = { revision = "3c4d5e6f" }

[drawing]
node = "box"
"""


def diff(old: str, new: str) -> str:
    before, after = (text.splitlines(keepends=True) for text in (old, new))
    return "".join(difflib.unified_diff(before, after, "a/model.py", "b/model.py"))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A subject of three patches: the second touches the first's line, the third another."""
    patches = tmp_path / "patches"
    (patches / "base").mkdir(parents=True)
    (patches / "base" / "model.py").write_text(MODEL)
    for place, sha in enumerate(SHAS):
        header = f"From {sha} Mon Sep 17 00:00:00 2001\nDate: Tue, 8 May 2012 16:51:49 +0200\n"
        header += f"Subject: change {place + 1}\n\nCommits: {place}99{place}99{place}\n---\n"
        text = header + diff(STATES[place], STATES[place + 1])
        (patches / f"0{place + 1}.patch").write_text(text)
    (patches / "series").write_text("01.patch\n02.patch\n03.patch\n")
    (patches / "subject.toml").write_text(TOML)
    return patches


@pytest.fixture
def subject(directory: Path) -> Subject:
    return load_subject(directory)


def text_of(variant: Variant) -> str:
    return variant.tree.files[0].text


def refusal(subject: Subject, expression: str, **named: str) -> str:
    with pytest.raises(ReplayError) as caught:
        resolve(subject, expression, named)
    return str(caught.value)


# --- subject.toml -----------------------------------------------------------------------


def test_subject_toml_is_read_whole(directory: Path) -> None:
    config = read_config(directory / "subject.toml")
    assert (config.machine, config.hidden) == ("Machine", ("opaque",))
    assert (config.node.class_name, config.node.children) == ("Node", ("file",))
    assert (config.node.roots, config.node.root_name) == ("nodes", "name")
    assert config.fields["driver"] == FieldConfig("drv")
    assert config.fields["dev_attached"] == FieldConfig("dev", "present")
    assert config.channels["cli"] == ChannelConfig(refusal_stops=True)
    assert config.channels["hmp"] == ChannelConfig(refusal="text")
    assert config.jobs is not None and config.jobs.field == "job"
    assert list(config.bits["open_flags"].items()) == [("SNAPSHOT", 8), ("TEMPORARY", 16)]
    assert config.variants["before"] == VariantConfig("1a2b3c4d^", "the tree before")
    assert config.more == {"drawing": {"node": "box"}}


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('machine = "Machine"\n', "", "subject.toml: the key machine is missing"),
        ('machine = "Machine"', "machine = 3", "subject.toml: machine: Expected `str`"),
        ('roots = "nodes"\n', "", "subject.toml: node: Object missing required field `roots`"),
        ('roots = "nodes"', 'rots = "nodes"', "subject.toml: node: Object "),
        (
            'chain = "file"',
            'chain = "hook"',
            "subject.toml: node.chain: 'hook' is none of children",
        ),
        ('refusal = "text"', 'refusal = "word"', "subject.toml: channels.hmp: Invalid enum value"),
        ('as = "present"', 'as = "there"', "subject.toml: fields.dev_attached: Invalid enum"),
        ("SNAPSHOT = 0x8", "SNAPSHOT = 0", "bits.open_flags.SNAPSHOT: is not positive"),
        ("SNAPSHOT = 0x8", "SNAPSHOT = '8'", "subject.toml: bits.open_flags: Expected `int`"),
        ("after =", "qemu =", "variants.qemu: the name qemu is reserved"),
        ("after =", "abcdef12 =", "'abcdef12' cannot name a variant"),
        ('"3c4d5e6f"', '"3c4d5e60"', "variants.after: unknown revision 3c4d5e60"),
        ('"3c4d5e6f"', '"after"', "variants.after: the variant after is defined by itself"),
        ("[node]", "[node", "subject.toml: is no TOML:"),
    ],
)
def test_a_fault_in_subject_toml_is_told_with_file_and_key(
    directory: Path, old: str, new: str, reason: str
) -> None:
    (directory / "subject.toml").write_text(TOML.replace(old, new))
    with pytest.raises(ReplayError) as caught:
        load_subject(directory)
    assert reason in str(caught.value)


def test_a_patch_outside_the_language_is_refused_before_anything_runs(directory: Path) -> None:
    text = (directory / "03.patch").read_text()
    (directory / "03.patch").write_text(text.replace("+STEP = 2", "+import os"))
    with pytest.raises(ReplayError, match=r"^model\.py:19 \(03\.patch\): "):
        load_subject(directory)


def test_a_patch_that_breaks_older_lines_is_named_too(directory: Path) -> None:
    start = (directory / "03.patch").read_text().partition("---\n")[0]
    gone = STATES[2].replace("STEP = 1\n", "")
    (directory / "03.patch").write_text(start + "---\n" + diff(STATES[2], gone))
    with pytest.raises(ReplayError, match=r"^model\.py:22 \(with 03\.patch\): .*STEP"):
        load_subject(directory)


# --- expressions ------------------------------------------------------------------------


def test_names_and_revisions_lead_to_their_trees(subject: Subject) -> None:
    points = {
        "before": 0,
        "base": 0,
        "1a2b3c4d": 1,
        "2b3c4d5e": 2,
        "3c4d5e6f^": 2,
        "3c4d5e6f~2": 1,
        "after": 3,
        "after^": 2,
        "after~3": 0,
    }
    for expression, depth in points.items():
        assert text_of(resolve(subject, expression, {})) == STATES[depth], expression


def test_a_variant_tells_its_name_and_what_it_stands_for(subject: Subject) -> None:
    before, mine = (resolve(subject, name, {"mine": "after^"}) for name in ("before", "mine"))
    assert (before.name, before.revision) == ("before", "1a2b3c4d^")
    assert (mine.name, mine.revision) == ("mine", "after^")
    assert before.subject is subject
    plain = resolve(subject, "2b3c4d5e", {})
    assert (plain.name, plain.revision) == ("2b3c4d5e", "2b3c4d5e")


def test_a_users_name_goes_before_that_of_the_subject(subject: Subject) -> None:
    assert expressions(subject, {"after": "base"}) == {"before": "1a2b3c4d^", "after": "base"}
    assert text_of(resolve(subject, "after", {"after": "base"})) == MODEL


def test_a_digest_changes_only_with_what_a_function_can_reach(subject: Subject) -> None:
    second, third = (resolve(subject, text, {}) for text in ("2b3c4d5e", "3c4d5e6f"))
    drive, commit = (
        [variant.program.functions[name].digest for variant in (second, third)]
        for name in ("cli_drive", "hmp_commit")
    )
    assert drive[0] == drive[1]
    assert commit[0] != commit[1]
    assert second.digest != third.digest


def test_a_tree_is_compiled_once(subject: Subject) -> None:
    assert resolve(subject, "after", {}).program is resolve(subject, "3c4d5e6f", {}).program


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("befor", "unknown variant befor; nearest: before"),
        ("zzz", "unknown variant zzz; replay variants lists them"),
        ("1a2b3c4e", "unknown revision 1a2b3c4e; nearest: 1a2b3c4d (01, 2 commits)"),
        ("1a2b3c", "'1a2b3c' is no sha of 7 to 40 digits"),
        ("1991991^", "commit 1991991 is inside the group 2b3c4d5e (02, 2 commits)"),
        ("after-1991991", "commit 1991991 is inside the group 2b3c4d5e (02, 2 commits)"),
        ("before^", "before^ lies before base; base is 1 later"),
        ("recorded", "recorded is not a variant of the model but a reserved name"),
        ("qemu^", "qemu is not a variant of the model but a reserved name"),
        ("1a2b3c4d-3c4d5e6f", "cannot leave out 3c4d5e6f (03, 2 commits): it comes later"),
        ("after-xyz", "'-xyz' is none of +FILE, +SHA and -SHA with 7 to 40 digits"),
        ("after+", "+: no such patch file"),
        ("after+no/such.patch", "no/such.patch: no such patch file"),
        ("after+" + "x" * 5000, "x" * 5000 + ": no such patch file"),
        ("after+a\0b", r"a\x00b: no such patch file"),
        ("+x", "'+x' is no variant expression"),
        ("", "'' is no variant expression"),
    ],
)
def test_an_expression_that_names_nothing_is_refused(
    subject: Subject, expression: str, reason: str
) -> None:
    assert refusal(subject, expression).startswith(reason)


def test_a_name_for_a_changed_tree_takes_no_steps_back(subject: Subject) -> None:
    message = refusal(subject, "mine^", mine="after-3c4d5e6f")
    assert message == "mine is no plain revision: mine^ has no meaning"


def test_names_that_stand_for_each_other_are_refused(subject: Subject) -> None:
    assert refusal(subject, "one", one="two", two="one") == "the variant one is defined by itself"


@pytest.mark.parametrize("name", ["base", "recorded", "deadbee", "a-b", "a^", "1st", ""])
def test_a_name_that_could_be_something_else_is_refused(subject: Subject, name: str) -> None:
    with pytest.raises(ReplayError, match=f"^--variant {name.replace('^', '.')}: "):
        resolve(subject, "after", {name: "base"})


def test_a_patch_can_be_left_out(subject: Subject) -> None:
    assert text_of(resolve(subject, "after-3c4d5e6f", {})) == STATES[2]
    both = resolve(subject, "after-1a2b3c4d-2b3c4d5e", {})
    assert text_of(both) == MODEL.replace("STEP = 1", "STEP = 2")
    step = next(line for line in both.tree.files[0].lines if line.text == "STEP = 2")
    assert step.patch is not None
    assert both.tree.patches[step.patch].name == "03.patch"


def test_a_patch_that_needs_the_one_left_out_is_a_conflict_that_names_both(
    subject: Subject,
) -> None:
    message = refusal(subject, "after-1a2b3c4d")
    assert "02.patch:9: without 01.patch the patch 02.patch does not apply" in message
    assert "expects 'LIMIT = 2', there is 'LIMIT = 1'" in message


def test_patch_files_go_on_top_in_a_chain(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    four = STATES[3].replace("LIMIT = 3", "LIMIT = 4")
    five = four.replace("LIMIT = 4", "LIMIT = 5")
    Path("a.patch").write_text(diff(STATES[3], four))
    Path("a.patch+b-0.patch").write_text(
        diff(STATES[3], STATES[3].replace("LIMIT = 3", "LIMIT = 9"))
    )
    Path("c-1234567+d.patch").write_text(diff(four, five))
    assert text_of(resolve(subject, "after+a.patch", {})) == four
    assert text_of(resolve(subject, "after+a.patch+c-1234567+d.patch", {})) == five
    assert "LIMIT = 9" in text_of(resolve(subject, "after+a.patch+b-0.patch", {}))
    left_out = resolve(subject, "after+a.patch-3c4d5e6f", {})
    assert text_of(left_out) == four.replace("STEP = 2", "STEP = 1")
    assert text_of(resolve(subject, "mine+c-1234567+d.patch", {"mine": "after+a.patch"})) == five


def test_a_patch_of_the_series_can_be_taken_from_later_or_moved_to_the_top(
    subject: Subject,
) -> None:
    taken = resolve(subject, "before+3c4d5e6f", {})
    assert text_of(taken) == MODEL.replace("STEP = 1", "STEP = 2")
    assert taken.tree.patches == (subject.series.patches[2],)
    moved = resolve(subject, "after-3c4d5e6f+3c4d5e6f", {})
    assert text_of(moved) == STATES[3]
    assert format_expression(subject.series, moved.spec) == "3c4d5e6f-3c4d5e6f+3c4d5e6f"


@pytest.mark.parametrize("expression", ["after+3c4d5e6f", "before+3c4d5e6f+3c4d5e6"])
def test_a_patch_is_not_taken_twice(subject: Subject, expression: str) -> None:
    message = refusal(subject, expression)
    assert message.startswith("cannot take 3c4d5e6f (03, 2 commits): it is there already; leave it")


def test_a_conflict_on_top_tells_where_the_patch_would_apply(subject: Subject) -> None:
    assert refusal(subject, "before+2b3c4d5e").endswith(
        "it applies at 1a2b3c4d; replay variants --applies 2b3c4d5e tells what is in the way"
        " elsewhere"
    )


def test_a_conflict_of_the_series_itself_tells_nothing_of_patches_on_top(
    subject: Subject, tmp_path: Path
) -> None:
    file = tmp_path / "x.patch"
    file.write_text(diff(STATES[3], STATES[3].replace("STEP = 2", "STEP = 3")))
    assert "applies at" not in refusal(subject, f"after-1a2b3c4d+{file}")


def test_a_directory_and_a_mailbox_are_patches_in_order(
    subject: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    four = STATES[3].replace("LIMIT = 3", "LIMIT = 4")
    five = four.replace("LIMIT = 4", "LIMIT = 5")
    Path("mine-1").mkdir()
    Path("mine-1/1.patch").write_text(diff(STATES[3], four))
    Path("mine-1/2.patch").write_text(diff(four, five))
    start = "From: me\nDate: Tue, 8 May 2012 16:51:49 +0200\nSubject: "
    mails = [f"{start}{n}\n\n---\n" + diff(*pair) for n, pair in enumerate([(STATES[3], four)])]
    mails += [start + "two\n\n---\n" + diff(four, five)]
    line = "From me@example.org Tue May  8 16:51:49 2012\n"
    Path("box").write_text("".join(f"{line}{mail}\n" for mail in mails))
    for stack, words in (
        ("mine-1", ["mine-1/1.patch", "mine-1/2.patch"]),
        ("box", ["box:1", "box:2"]),
    ):
        variant = resolve(subject, f"after+{stack}", {})
        assert text_of(variant) == five
        assert [added.word for added in variant.spec.extra] == words
        assert text_of(resolve(subject, f"after+{words[0]}", {})) == four
        again = resolve(subject, format_expression(subject.series, variant.spec), {})
        assert again.spec == variant.spec


def test_a_patch_file_that_conflicts_or_breaks_the_language_is_refused(
    subject: Subject, tmp_path: Path
) -> None:
    path = tmp_path / "x.patch"
    path.write_text(diff(STATES[3], STATES[3].replace("LIMIT = 3", "LIMIT = 4")))
    assert refusal(subject, f"before+{path}").startswith(
        f"{path}:3: the hunk for model.py fits now"
    )
    path.write_text(diff(STATES[3], STATES[3].replace("    return STEP", "    open(text)")))
    assert "model.py:23" in refusal(subject, f"after+{path}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("before", True),
        ("base", True),
        ("before^", True),
        ("mine+x.patch", True),
        ("deadbeef1", True),
        ("after-1a2b3c4d+x", True),
        ("before-release", False),
        ("befor", False),
        ("log.jsonl", False),
        ("patches/examples/snapshot-on.jsonl", False),
        ("abcdef", False),
    ],
)
def test_what_looks_like_an_expression_is_one(subject: Subject, text: str, expected: bool) -> None:
    assert is_expression(subject, text, {"mine": "after"}) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("before..after", ("before", "after")),
        ("3c4d5e6f^..after+../x.patch", ("3c4d5e6f^", "after+../x.patch")),
        ("after+../x.patch..before", ("after+../x.patch", "before")),
        ("after+../x.patch", None),
        ("after+a/../x.patch", None),
        ("before", None),
    ],
)
def test_a_range_is_told_from_a_path(text: str, expected: tuple[str, str] | None) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize("text", ["..after", "before..", ".."])
def test_a_range_has_two_sides(text: str) -> None:
    with pytest.raises(ReplayError, match="lacks a side"):
        parse_range(text)


# --- source -----------------------------------------------------------------------------


def test_show_gives_a_definition_or_the_whole_tree(subject: Subject) -> None:
    after = resolve(subject, "after", {})
    assert show(after.tree, "after", "hmp_commit") == "def hmp_commit(text):\n    return STEP\n"
    assert show(after.tree, "after", "STEP") == "STEP = 2\n"
    assert show(after.tree, "after", "Node").startswith("class Node:\n")
    assert show(after.tree, "after") == f"# model.py\n\n{STATES[3]}"
    with pytest.raises(ReplayError, match="after has no function hmp_comit; nearest: hmp_commit"):
        show(after.tree, "after", "hmp_comit")


def test_annotate_names_the_patch_behind_each_line(subject: Subject) -> None:
    lines = annotate(resolve(subject, "after", {}).tree, "model.py")
    assert [line.line for line in lines] == list(range(1, len(lines) + 1))
    named = {line.text: (line.patch, line.sha) for line in lines}
    assert named["LIMIT = 3"] == ("02.patch", SHAS[1])
    assert named["STEP = 2"] == ("03.patch", SHAS[2])
    assert named["class Machine:"] == ("base", "")
    with pytest.raises(ReplayError, match=r"the tree has no file mod\.py; it has model\.py"):
        annotate(resolve(subject, "after", {}).tree, "mod.py")


@pytest.mark.parametrize(
    ("word", "machine"),
    [
        ("recorded", MachineSpec("recorded", "recorded")),
        ("qemu", MachineSpec("qemu", "qemu")),
        ("qemu:/opt/qemu", MachineSpec("qemu:/opt/qemu", "qemu", "/opt/qemu")),
        ("old", MachineSpec("old", "qemu", "/opt/old")),
        ("qemu:", None),
        ("recorded:/opt/qemu", None),
        ("after", None),
    ],
)
def test_a_word_stands_for_a_real_machine_or_for_none(word, machine):
    assert parse_machine(word, {"old": "qemu:/opt/old", "mine": "after"}) == machine
