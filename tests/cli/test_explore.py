"""replay explore, with the keyboard alone, by Textual's pilot."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

pytest.importorskip("textual")

from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from replay import read_log
from replay.cli.commands.explore import exploration
from replay.cli.commands.explore.screen import KEYS, ExploreApp
from tests.cli.test_app import fails, replay  # noqa: F401 - a fixture
from tests.examples import PATCHES

Play = Callable[[Pilot], Awaitable[None]]


@pytest.fixture
def variants(qemu):
    return qemu.variants("with", "after")


@pytest.fixture
def play(variants):
    """play(WHAT, LOG): runs a coroutine with a pilot at the log's screen; the app afterwards."""

    def run(what: Play, log: str = "deleted-overlay", size=(80, 24)) -> ExploreApp:
        first = exploration(read_log(PATCHES / "examples" / f"{log}.jsonl"), variants)
        app = ExploreApp(first, lambda log: exploration(log, variants), "my.jsonl")

        async def drive() -> None:
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                await what(pilot)

        asyncio.run(drive())
        return app

    return run


def text_of(pilot: Pilot, id: str) -> str:
    return str(pilot.app.query_one(id, Static).content)


def listed(pilot: Pilot) -> list[str]:
    events = pilot.app.query_one("#events", OptionList)
    return [str(events.get_option_at_index(n).prompt) for n in range(events.option_count)]


async def press(pilot: Pilot, *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def answer(pilot: Pilot, key: str, text: str) -> None:
    await press(pilot, key)
    pilot.app.query_one("#line", Input).value = text
    await press(pilot, "enter")


def test_it_begins_at_the_first_difference_with_all_about_it(play):
    async def look(pilot):
        assert pilot.app.seq == 3
        assert "deleted-overlay: #5: the file /images/overlay.qcow2" in text_of(pilot, "#headline")
        shown = text_of(pilot, "#event")
        assert "#3 cli drive" in shown
        assert "in with" in shown
        assert "Differs after #3" in shown
        assert "by 7e3d98dd" in shown
        assert "drive0.backing_hd" in shown
        assert listed(pilot)[0].startswith("-  #1 image")
        assert listed(pilot)[4].startswith("!  #5 qmp blockdev-snapshot-sync")

    play(look)


def test_keys_go_from_event_to_event_and_from_difference_to_difference(play):
    async def look(pilot):
        await press(pilot, "n")
        assert pilot.app.seq == 5
        assert "overlay.qcow2 unlinked" in text_of(pilot, "#event")
        await press(pilot, "N", "up")
        assert pilot.app.seq == 2
        await press(pilot, "down", "down", "down", "n", "n", "n")
        assert pilot.app.seq in pilot.app.exploration.diverging

    play(look)


def test_checks_are_looked_for_when_they_are_asked_for_and_marked(play):
    async def look(pilot):
        assert not any("x #" in line for line in listed(pilot))
        await press(pilot, "c")
        marked = [line for line in listed(pilot) if line[1] == "x"]
        assert marked
        assert pilot.app.seq in pilot.app.exploration.breaching
        assert "Checks breached" in text_of(pilot, "#event")

    play(look)


def test_the_hunk_of_the_causing_patch_is_there_at_a_key_or_where_there_is_room(play):
    async def narrow(pilot):
        assert not pilot.app.query_one("#patch").display
        await press(pilot, "p")
        assert pilot.app.query_one("#patch").display
        assert not pilot.app.query_one("#detail").display
        assert "7e3d98dd Revert" in text_of(pilot, "#hunks")
        assert "-    bs_dest.open_flags = bs_src.open_flags" in text_of(pilot, "#hunks")

    async def wide(pilot):
        assert pilot.app.query_one("#patch").display
        assert pilot.app.query_one("#detail").display

    play(narrow)
    play(wide, size=(160, 40))


def test_what_is_the_same_is_folded_until_a_key(play):
    async def look(pilot):
        assert "total_sectors  8192" not in text_of(pilot, "#event")
        await press(pilot, "f")
        assert "total_sectors" in text_of(pilot, "#event")

    play(look)


def test_search_goes_on_from_where_one_is_and_round(play):
    async def look(pilot):
        await answer(pilot, "slash", "dev_attached")
        assert pilot.app.seq == 4
        await press(pilot, "slash", "enter")
        assert pilot.app.seq == 4
        await answer(pilot, "slash", "nowhere at all")
        assert pilot.app.seq == 4
        await press(pilot, "escape")
        assert isinstance(pilot.app.focused, OptionList)

    play(look)


def test_another_command_is_tried_in_all_variants_and_left_again(play):
    async def look(pilot):
        await answer(pilot, "w", "guest read drive0 0 8")
        assert text_of(pilot, "#headline").startswith("WHAT IF: deleted-overlay~4")
        assert [line[4:] for line in listed(pilot)][-1] == "4 guest read drive0 sector 0 +8"
        assert "reads 0x11" in text_of(pilot, "#event")
        await answer(pilot, "w", "hmp commit drive0")
        assert len(listed(pilot)) == 5
        await press(pilot, "b", "b")
        assert pilot.app.seq == 3
        assert len(listed(pilot)) == 6

    play(look)


@pytest.mark.parametrize("text", ["", "fly", "qmp x y", "guest read drive0 a b", '{"kind": "x"}'])
def test_what_is_no_event_is_told_and_changes_nothing(play, text):
    async def look(pilot):
        await answer(pilot, "w", text)
        assert len(listed(pilot)) == 6
        assert pilot.app.query_one("#line", Input).has_class("asked")

    app = play(look)
    assert len(app.exploration.log.events) == 6


def test_the_path_that_was_tried_is_saved_as_a_log_and_never_over_another(play, tmp_path, variants):
    file = tmp_path / "tried.jsonl"

    async def look(pilot):
        await answer(pilot, "w", "qmp block-commit device=drive0")
        await answer(pilot, "s", str(file))
        await press(pilot, "d")
        assert pilot.app.clipboard == f"replay diff with after {file}"
        await answer(pilot, "s", str(file))
        assert pilot.app.query_one("#line", Input).has_class("asked")

    app = play(look)
    saved = read_log(file)
    assert saved.fingerprint == app.exploration.log.fingerprint
    assert [event.payload.name for event in saved.events][-1] == "block-commit"


def test_a_command_for_what_is_shown_is_copied(play):
    async def look(pilot):
        await press(pilot, "d")
        assert pilot.app.clipboard == "replay diff with after my.jsonl"
        await press(pilot, "n", "y")
        assert pilot.app.clipboard == (
            "replay explain my.jsonl /images/overlay.qcow2 with..after --seq 5"
        )
        await answer(pilot, "w", "await settled")
        await press(pilot, "y")
        assert "explain my.jsonl" in pilot.app.clipboard

    play(look)


def test_the_keys_are_told_and_all_of_them_are_there(play):
    async def look(pilot):
        await press(pilot, "question_mark")
        assert text_of(pilot, "#event") == KEYS
        await press(pilot, "escape")
        assert "#3 cli drive" in text_of(pilot, "#event")

    app = play(look)
    keys = {binding.key_display or binding.key for binding in app.BINDINGS} - {"escape"}
    assert all(f"\n{key}" in f"\n{KEYS}" or f", {key} " in KEYS for key in keys)


def test_nothing_is_said_by_colour_alone_and_no_line_is_too_wide(play, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")

    async def look(pilot):
        for _ in range(6):
            lines = text_of(pilot, "#event").splitlines()
            assert max(map(len, lines)) <= 80
            await press(pilot, "down")
        assert all(line[0] in "!- " for line in listed(pilot))

    play(look)


def test_without_the_library_the_command_says_what_to_install(replay, monkeypatch):  # noqa: F811
    monkeypatch.setattr("replay.cli.commands.explore.find_spec", lambda _: None)
    assert "install it: pip install 'replay[tui]'" in fails(replay("explore", "yard.jsonl"))


def test_what_is_no_model_is_refused(replay):  # noqa: F811
    message = fails(replay("explore", "yard.jsonl", "with", "recorded"))
    assert "only variants of the model" in message


def test_words_of_a_log_are_no_markup_and_no_control_characters(tmp_path, toy):
    train = "[/red]\x1b[31m\x9b"
    couple = {"kind": "command", "channel": "qmp", "name": "couple", "arguments": {"train": train}}
    events = [
        {"replay_log": 1, "name": "x"},
        {"kind": "command", "channel": "cli", "name": "train", "arguments": train},
        {"kind": "command", "channel": "qmp", "name": train, "arguments": {train: train}},
        couple,
    ]
    path = tmp_path / "x.jsonl"
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events))
    variants = toy.variants("before", "after")
    app = ExploreApp(exploration(read_log(path), variants), lambda log: None, "x.jsonl")
    told: list[str] = []

    async def drive() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            for key in ("up", "down", "y", "d", "p", "slash"):
                await press(pilot, key)
                told.extend([text_of(pilot, id) for id in ("#headline", "#event", "#hunks")])
            told.extend(listed(pilot))
            told.extend(str(notice.message) for notice in app._notifications)

    asyncio.run(drive())
    assert any("[/red]" in text for text in told)
    assert [text for text in told if not text.replace("\n", "").isprintable()] == []
