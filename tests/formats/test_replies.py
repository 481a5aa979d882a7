"""Each reply goes to its command, of however many files the conversation is."""

from collections import Counter
from random import Random

import pytest

from replay.events.event import Origin
from replay.formats.commands import is_silent
from replay.formats.recording import Message
from replay.formats.replies import Waiting, id_of, is_sent, pair

ROLES = (*["command"] * 4, *["reply"] * 4, "connection", "greeting", "lost")


def message(role: str, file: str, line: int, id: int | None = None, name: str = "x") -> Message:
    fields = {"command": {"execute": name}, "reply": {"return": {}}, "lost": {"sender": "C"}}
    return Message(Origin(file, line), role, {"id": id, **fields.get(role, {})})


def conversation(seed: int) -> list[Message]:
    """Messages of up to four files at random, of which some only tell replies."""
    rng = Random(seed)
    files = [f"f{number}" for number in range(rng.randint(1, 4))]
    telling = {file for file in files if rng.random() < 0.3}
    made = []
    for line in range(1, rng.randint(2, 40)):
        role, file = rng.choice(ROLES), rng.choice(files)
        name = rng.choice(["qmp_capabilities", "query-block", "block-commit"])
        if file not in telling or role not in ("command", "lost"):
            made.append(message(role, file, line, rng.choice([None, 1, 2]), name))
    return made


def plainly(messages: list[Message]) -> dict[int, int]:
    """The command of each reply, by their places, where every file is looked through each time."""
    ends = {it.origin.file: place for place, it in enumerate(messages)}
    asking = {it.origin.file for it in messages if is_sent(it)}
    told: set[str] = set()
    waiting: list[int] = []
    found = {}
    for place, it in enumerate(messages):
        own = it.origin.file
        if it.role in ("connection", "greeting"):
            gone = {False} if it.role == "connection" or own not in told else set()
            if it.role == "connection":
                told.add(own)
                gone.add(True)
            waiting = [
                one
                for one in waiting
                if messages[one].origin.file != own or is_silent(messages[one]) not in gone
            ]
        elif is_sent(it):
            waiting.append(place)
        elif it.role == "reply":
            alike = [one for one in waiting if id_of(messages[one]) == id_of(it)]
            mine = [one for one in alike if messages[one].origin.file == own]
            others = [
                one for one in alike if own not in asking or ends[file(messages, one)] < place
            ]
            for one in (mine or others)[:1]:
                waiting.remove(one)
                found[place] = one
    return found


def file(messages: list[Message], place: int) -> str:
    return messages[place].origin.file


@pytest.mark.parametrize("first", range(0, 2000, 500))
def test_replies_go_to_the_commands_that_a_look_at_every_file_finds(first):
    paired = 0
    for seed in range(first, first + 500):
        messages = conversation(seed)
        replies = pair(messages, True, Counter())
        by_reply = {messages.index(reply): command for command, reply in replies.items()}
        assert by_reply == plainly(messages), seed
        paired += len(by_reply)
    assert paired > 500


def test_a_reply_that_no_command_waits_for_is_not_looked_for_in_every_file(monkeypatch):
    looks = []
    queue = Waiting._queue
    monkeypatch.setattr(
        Waiting, "_queue", lambda self, place: looks.append(place) or queue(self, place)
    )
    commands = [message("command", f"f{number}", 1, 1) for number in range(300)]
    asked = [message("command", "asking", 1, 2)]
    replies = [message("reply", "asking", line, 3) for line in range(2, 302)]
    told = [message("reply", "telling", line, 1) for line in range(1, 601)]
    assert len(pair([*commands, *asked, *replies, *told], True, Counter())) == len(commands)
    assert len(looks) == len(commands)
