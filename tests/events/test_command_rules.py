"""A subject says in a table what is known of commands besides what its trees do with them."""

import pytest

from replay.errors import BadInput
from replay.events.command_rules import (
    CommandRule,
    CommandRules,
    read_command_rules,
    shipped_command_rules,
)


def test_a_table_is_read_whole(tmp_path):
    (tmp_path / "commands.toml").write_text(
        '[qmp]\nchange = { performed = true, today = "swap", arguments.a = "b", file = "a" }\n'
        "[hmp.stop]\nperformed = true\n"
    )
    rules = read_command_rules(tmp_path)
    assert rules.qmp == {
        "change": CommandRule(performed=True, today="swap", arguments={"a": "b"}, file="a")
    }
    assert rules.hmp == {"stop": CommandRule(performed=True)}


def test_a_subject_without_a_table_allows_nothing(tmp_path):
    assert read_command_rules(tmp_path) == CommandRules()
    assert not CommandRule().performed


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[qmp", "commands.toml: "),
        ("[cli]\ndrive = {}", "unknown field `cli`"),
        ("[qmp]\nstop = { allowed = true }", "unknown field `allowed`"),
        ("[qmp]\nstop = { performed = 1 }", "Expected `bool`"),
    ],
)
def test_a_fault_in_the_table_is_told_with_its_file(tmp_path, text, reason):
    (tmp_path / "commands.toml").write_text(text)
    with pytest.raises(BadInput, match=r"commands\.toml") as caught:
        read_command_rules(tmp_path)
    assert reason in str(caught.value)


def test_no_bundled_rule_lets_a_real_program_start_another_or_open_a_socket():
    rules = shipped_command_rules()
    names = {
        name for table in (rules.qmp, rules.hmp) for name, rule in table.items() if rule.performed
    }
    reaching = ("migrate", "nbd", "object", "chardev", "netdev", "export", "dump", "guest", "exec")
    assert not [name for name in names if any(word in name for word in reaching)]
