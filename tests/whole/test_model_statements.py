"""Statements of the model that no log reaches are listed with a reason, and are no others.

The recorded logs are run through all trees by `tests/bench/model_coverage.py`, which takes long.
"""

import pytest

from replay.variants.variant import load_subject, resolve
from tests.examples import PATCHES
from tests.model_statements import every_revision, reached, short_logs, statements, unreached

SUBJECT = load_subject(PATCHES)


def test_what_is_listed_as_not_reached_stands_in_a_tree():
    trees = (resolve(SUBJECT, revision, {}) for revision in every_revision())
    known = {statement for tree in trees for statement in statements(tree).values()}
    assert unreached().keys() - known == set()


def test_each_statement_that_is_not_reached_has_a_reason():
    assert [statement for statement, reason in unreached().items() if not reason] == []


@pytest.mark.parametrize("at", ["before", "with", "after", "swapless"])
def test_no_short_log_reaches_what_is_listed(at):
    variant = resolve(SUBJECT, at, {})
    others = dict.fromkeys(set(statements(variant).values()) - unreached().keys(), True)
    found = reached(variant, list(short_logs()), others)
    assert [statement for statement in unreached() if found.get(statement)] == []
