"""What a patch touches: all that changes is named, with what the model has and who reaches it."""

import pytest

from replay.analysis.search.coverage import coverage
from replay.analysis.search.touched import (
    changed_definitions,
    definitions,
    functions_of_patch,
    touched_by_c,
    touched_by_model,
)
from replay.series import Tree, parse_c_patch, read_series, source_file
from tests.conftest import TOY
from tests.examples import C_DIFF, NAMES, PATCHES, example

EVERY = read_series(PATCHES)


@pytest.mark.parametrize("index", range(len(EVERY.patches)), ids=lambda n: EVERY.patches[n].name)
def test_of_every_patch_of_the_series_all_that_changes_is_named(qemu, index):
    before, after = EVERY.trees[index : index + 2]
    touched = touched_by_model(
        EVERY.patches[index], before, after, coverage([], qemu.variant("after"))
    )
    changed = changed_definitions(before, after)
    named = {name for hunk in touched.hunks for name in hunk.names if name}
    assert changed, "a patch that changes nothing has no place in the series"
    assert named == changed.keys() == {it.name for it in touched.definitions}
    assert all(it.model is not None for it in touched.definitions)
    assert len(touched.hunks) == sum(len(change.hunks) for change in EVERY.patches[index].files)


def test_comments_and_descriptions_change_nothing():
    text = 'def f(x):\n    """One."""\n    return x\n'
    one = Tree((source_file("m.py", text),))
    other = Tree((source_file("m.py", "\n\n# why\n" + text.replace("One", "Two")),))
    assert changed_definitions(one, other) == {}


def test_what_comes_goes_or_changes_is_told():
    one = Tree((source_file("m.py", "N = 1\ndef f():\n    return 1\ndef g():\n    return 1\n"),))
    text = "N = 2\ndef f():\n    return 1\ndef h():\n    return 1\n"
    changed = changed_definitions(one, Tree((source_file("m.py", text),)))
    told = {name: it.kind for name, it in changed.items()}
    assert told == {"N": "constant", "h": "function", "g": "function"}


def test_the_toy_s_definitions_have_their_kinds():
    found = definitions(read_series(TOY).trees[0])
    kinds = {name: found[name].kind for name in ("Wagon", "BRAKE", "qmp_couple")}
    assert kinds == {"Wagon": "class", "BRAKE": "constant", "qmp_couple": "function"}


def test_of_a_c_patch_it_is_told_what_the_model_has_and_who_reaches_it(qemu):
    covered = coverage([example(name) for name in NAMES], qemu.variant("after"))
    touched = touched_by_c(parse_c_patch(C_DIFF, "p"), "p", covered)
    moved, invented = touched.definitions
    assert moved.model is not None and moved.model.file == "block.py"
    with_append = set(NAMES) - {"stream-makes-writable"}
    assert set(moved.logs) == with_append == set(touched.logs)
    assert invented.model is None and invented.logs == ()


def test_a_patch_that_only_takes_a_line_away_changes_a_function(qemu):
    covered = coverage([example("live-snapshot")], qemu.variant("after"))
    (patch,) = [it for it in EVERY.patches if it.sha.startswith("7e3d98dd")]
    patch = next(it for it in qemu.series.patches if it.name == patch.name)
    assert functions_of_patch(covered, patch) == {"bdrv_move_feature_fields": ("live-snapshot",)}
