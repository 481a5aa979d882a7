"""The screen of `replay explore`: events above, the chosen one below, its patch beside it."""

import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.events import Resize
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from replay.cli.shown_page import ROLES
from replay.errors import ReplayError
from replay.events.json_form import native_lines
from replay.events.typed import FORMS, parse_typed
from replay.files import deliver
from replay.printable import escape
from replay.reports.documents.walk.exploration import EventDetail, Exploration, Explore
from replay.reports.documents.walk.walk import WalkStep
from replay.reports.text.exploration import detail as detail_page
from replay.reports.text.exploration import patches as patches_page
from replay.reports.text.page import Page

WIDE = 120
"""Columns from which on the patch stands beside the event."""

KEYS = """\
up, down      the event before, the next one
n, N          the next event at which variants begin to differ, the one before
c, C          the next event at which a check is first breached, the one before
/             search in events and what they changed; again with Enter
f             show or fold fields that are the same in all variants
p             the patches behind the differences
tab           from one pane to the next; in it, up and down scroll
w             what if: another command after this event, in all variants
b             back to the log from which that was tried
s             save the log as far as it is shown here
y             copy a command that tells why the first difference is there
d             copy a command that shows the differences
?             these keys
q             the end

Signs: ! variants begin to differ, x a check is first breached, - something changes
"""


class ExploreApp(App[None]):
    """The application. Everything that it shows comes from an `Exploration`."""

    TITLE = "replay explore"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #headline { height: auto; max-height: 3; text-style: bold; padding: 0 1; }
    #events { height: 35%; min-height: 5; border: none; border-bottom: solid $secondary;
        text-wrap: nowrap; text-overflow: ellipsis; }
    #panes { height: 1fr; }
    #detail { width: 1fr; padding: 0 1; }
    #patch { width: 1fr; padding: 0 1; display: none; }
    .wide #patch { display: block; border-left: solid $secondary; }
    .patch #patch { display: block; }
    .patch.narrow #detail { display: none; }
    #line { display: none; height: 3; }
    #line.asked { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "difference(1)", "difference"),
        Binding("N", "difference(-1)", "back", show=False),
        Binding("c", "breach(1)", "check"),
        Binding("C", "breach(-1)", "back", show=False),
        Binding("slash", "ask('search')", "search", key_display="/"),
        Binding("f", "fold", "fold"),
        Binding("p", "patch", "patch"),
        Binding("w", "ask('try')", "what if"),
        Binding("b", "leave", "back", show=False),
        Binding("s", "ask('save')", "save", show=False),
        Binding("y", "copy('explain')", "copy", show=False),
        Binding("d", "copy('diff')", "copy", show=False),
        Binding("question_mark", "keys", "keys", key_display="?"),
        Binding("escape", "dismiss", "close", show=False),
        Binding("q", "quit", "quit"),
    ]

    def __init__(self, exploration: Exploration, explore: Explore, word: str) -> None:
        """`explore` replays another log in the same variants, `word` is what a user calls this."""
        super().__init__()
        self.exploration = exploration
        self._explore = explore
        self._word: str | None = word
        self._before: list[tuple[Exploration, str | None, int]] = []
        self._folded = True
        self._question = ""
        self._searched = ""

    def compose(self) -> ComposeResult:
        """The headline, the events, the panes, a line to type in, the keys."""
        yield Static(id="headline", markup=False)
        yield OptionList(id="events", markup=False)
        with Horizontal(id="panes"):
            with VerticalScroll(id="detail"):
                yield Static(id="event", markup=False)
            with VerticalScroll(id="patch"):
                yield Static(id="hunks", markup=False)
        yield Input(id="line")
        yield Footer()

    def on_mount(self) -> None:
        """Begins at the first difference, or at the first event."""
        self._show(self.exploration, (*self.exploration.diverging, 1)[0])

    def on_resize(self, event: Resize) -> None:
        """Puts the patch beside the event where there is room."""
        self._set_width(event.size.width)

    def _set_width(self, width: int) -> None:
        self.screen.set_class(width >= WIDE, "wide")
        self.screen.set_class(width < WIDE, "narrow")
        self.call_after_refresh(self._show_event)

    @property
    def seq(self) -> int:
        """The number of the chosen event."""
        return (self.query_one("#events", OptionList).highlighted or 0) + 1

    @property
    def chosen(self) -> EventDetail:
        """All about the chosen event."""
        return self.exploration.detail(self.seq)

    # What is shown

    def _show(self, exploration: Exploration, seq: int) -> None:
        """Shows a log from one of its events on."""
        self.exploration = exploration
        what_if = "WHAT IF: " if self._before else ""
        headline = f"{what_if}{exploration.log.name}: {exploration.report.headline}"
        self.query_one("#headline", Static).update(headline)
        self._list(seq)

    def _list(self, seq: int) -> None:
        """Writes the events anew, as when there is more to mark."""
        events = self.query_one("#events", OptionList)
        events.clear_options()
        marked = vars(self.exploration).get("breaching", ())
        events.add_options(Option(_line(step, marked)) for step in self.exploration.steps)
        events.highlighted = seq - 1
        events.focus()

    @on(OptionList.OptionHighlighted)
    def _show_event(self) -> None:
        if not self.exploration.steps:
            return
        chosen = self.chosen
        names = self.exploration.names
        self._fill("#event", "#detail", detail_page(chosen, names, self._folded))
        self._fill("#hunks", "#patch", patches_page(chosen))

    def _fill(self, content: str, pane: str, page: Page) -> None:
        scroll = self.query_one(pane, VerticalScroll)
        width = max((scroll.size.width or self.size.width) - 4, 20)
        self.query_one(content, Static).update(_text(page, width))
        scroll.scroll_home(animate=False)

    # Keys

    def action_difference(self, step: int) -> None:
        """Goes to the next event at which variants begin to differ, or to the one before."""
        self._go(self.exploration.diverging, step, "No difference begins")

    def action_breach(self, step: int) -> None:
        """Goes to the next event at which a check is first breached, or to the one before."""
        is_new = "breaching" not in vars(self.exploration)
        seqs = self.exploration.breaching
        if is_new:
            self._list(self.seq)
        self._go(seqs, step, "No check is first breached")

    def _go(self, seqs: Iterable[int], step: int, nothing: str) -> None:
        further = [seq for seq in seqs if (seq - self.seq) * step > 0]
        if further:
            seq = min(further) if step > 0 else max(further)
            self.query_one("#events", OptionList).highlighted = seq - 1
        else:
            self.notify(f"{nothing} {'after' if step > 0 else 'before'} this event.")

    def action_fold(self) -> None:
        """Shows or folds what is the same in all variants."""
        self._folded = not self._folded
        self._show_event()

    def action_patch(self) -> None:
        """Shows or hides the patches."""
        self.screen.toggle_class("patch")
        self.call_after_refresh(self._show_event)

    def action_keys(self) -> None:
        """Shows the keys in place of the event."""
        self.query_one("#event", Static).update(KEYS)

    def action_leave(self) -> None:
        """Goes back to the log from which this one was tried."""
        if self._before:
            exploration, self._word, seq = self._before.pop()
            self._show(exploration, seq)
        else:
            self.notify("This is the log that you began with.")

    def action_copy(self, which: str) -> None:
        """Copies a command, and shows it for terminals that do not let it."""
        if self._word is None:
            self.notify("This log is not saved yet: s", severity="warning")
            return
        command = self._command(which, self._word)
        self.copy_to_clipboard(command)
        self.notify(command, title="copied", markup=False)

    def _command(self, which: str, word: str) -> str:
        names = self.exploration.names
        differences = sorted(self.chosen.differences, key=lambda d: not d.begins)
        places = [difference.place for difference in differences if difference.place]
        if which == "explain" and places and len(names) > 1:
            between = f"{names[0]}..{names[-1]}"
            words = ["replay", "explain", word, places[0], between, "--seq", str(self.seq)]
        else:
            words = ["replay", "diff", *names, word]
        return escape(shlex.join(words))

    # The line to type in

    def action_ask(self, question: str) -> None:
        """Opens the line: for what to search, what to try, or where to save."""
        self._question = question
        line = self.query_one("#line", Input)
        line.placeholder = {
            "search": "search in events, changes and differences",
            "try": f"after #{self.seq}: {FORMS[0]}, {FORMS[1]}, {FORMS[3]}, ...",
            "save": "a file to write",
        }[question]
        default = f"{self.exploration.log.name.replace('~', '-')}.jsonl"
        line.value = {"search": self._searched, "try": "", "save": default}[question]
        line.add_class("asked")
        line.focus()

    def action_dismiss(self) -> None:
        """Closes the line, and the keys."""
        self.query_one("#line", Input).remove_class("asked")
        self.query_one("#events", OptionList).focus()
        self._show_event()

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        answers: dict[str, Callable[[str], None]] = {
            "search": self._search,
            "try": self._try,
            "save": self._save,
        }
        try:
            answers[self._question](event.value)
        except ReplayError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        event.input.remove_class("asked")
        self.query_one("#events", OptionList).focus()

    def _search(self, text: str) -> None:
        self._searched = text
        steps = self.exploration.steps
        ahead = (*steps[self.seq :], *steps[: self.seq])
        match = next((step.seq for step in ahead if text.lower() in _words(step)), None)
        if match is None:
            raise ReplayError(f"nothing has {text!r}")
        self.query_one("#events", OptionList).highlighted = match - 1

    def _try(self, text: str) -> None:
        log = self.exploration.extended(self.seq, parse_typed(text))
        tried = self._explore(log)
        self._before.append((self.exploration, self._word, self.seq))
        self._word = None
        self._show(tried, len(log.events))

    def _save(self, text: str) -> None:
        path = Path(text).expanduser()
        if path.exists():
            raise ReplayError("is there already", where=text, do="name another file")
        deliver(native_lines(self.exploration.log), path)
        self._word = text
        self.notify(
            f"replay diff {' '.join(self.exploration.names)} {text}", title="saved", markup=False
        )


def _line(step: WalkStep, breaching: Iterable[int]) -> Text:
    """An event in the list, with its signs."""
    differs = "!" if step.begins else "-" if step.changes else " "
    breach = "x" if step.seq in breaching else " "
    return Text(f"{differs}{breach} #{step.seq} {step.title}", "bold" if step.begins else "")


def _words(step: WalkStep) -> str:
    texts = (text for group in step.changes for text in group.texts)
    outcomes = (outcome.text for outcome in step.outcomes)
    return "\n".join([step.title, *outcomes, *texts, *step.begins]).lower()


def _text(page: Page, width: int) -> Text:
    """A page that is so wide, in the styles of its roles."""
    lines = [Text(line, ROLES[role]) for role, line in page.laid(width)]
    return Text("\n").join(lines)
