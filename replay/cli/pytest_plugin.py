"""The pytest plugin: one item a log, which fails with the report where variants differ.

pytest --replay logs --replay-variants after,after+my.patch --replay-baseline accepted.jsonl
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from replay.printable import escape

if TYPE_CHECKING:
    from replay.cli.log_diffs import DiffResult
    from replay.cli.players import Player
    from replay.cli.session import Session
    from replay.events.event import Log

# pytest imports this in every session of the environment; what compares is imported when asked.
# ruff: noqa: PLC0415

GROUP = "replay"


class LogsFail(Exception):
    """Variants differ on a log, or nothing could be compared; the text is the report."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the plugin, which does nothing without --replay."""
    group = parser.getgroup(GROUP, "comparing variants of a model on logs (replay)")
    group.addoption(
        "--replay",
        action="append",
        metavar="DIR|FILE",
        help="logs to compare: a file, or those of a directory; alone, nothing else is collected",
    )
    group.addoption(
        "--replay-variants", metavar="A,B", help="variants; by default those of the subject"
    )
    group.addoption("--replay-patches", metavar="DIR", help="the subject, as REPLAY_PATCHES")
    group.addoption(
        "--replay-glob", metavar="GLOB", default="*.jsonl*", help="which files of DIR are logs"
    )
    group.addoption("--replay-baseline", metavar="FILE", help="differences that are accepted")
    group.addoption(
        "--replay-update", action="store_true", help="accept what differs now: write the baseline"
    )
    group.addoption(
        "--replay-strict", action="store_true", help="fail too if any event was not compared"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Adds the logs to what is collected."""
    paths = config.getoption("--replay")
    if config.getoption("--replay-update"):
        if not (paths and config.getoption("--replay-baseline")):
            raise pytest.UsageError("--replay-update needs --replay and --replay-baseline")
        if getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
            raise pytest.UsageError("--replay-update writes one file: run it without -n")
    if paths:
        missing = [path for path in paths if not Path(path).exists()]
        if missing:
            raise pytest.UsageError(f"--replay {missing[0]}: no such file or directory")
        alone = config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR
        config.args = [*([] if alone else config.args), *paths]
        config.pluginmanager.register(LogCollection(config, paths), "replay-logs")


class LogCollection:
    """The logs of a session, and what comparing them came to."""

    def __init__(self, config: pytest.Config, paths: list[str]) -> None:
        self._config = config
        self._paths = [Path(path).resolve() for path in paths]
        self._comparison: Comparison | None = None
        self.results: list[tuple[str, DiffResult]] = []

    @property
    def comparison(self) -> "Comparison":
        """What the options say, read when the first log is compared."""
        if self._comparison is None:
            self._comparison = Comparison(self._config)
        return self._comparison

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> "LogFile | None":
        """A collector for a file that is a log of ours."""
        path = file_path.resolve()
        named = path in self._paths
        within = any(path.is_relative_to(directory) for directory in self._paths)
        if named or (within and path.match(self._config.getoption("--replay-glob"))):
            return LogFile.of(parent, file_path, self)
        return None

    def pytest_sessionfinish(self) -> None:
        """Writes the baseline if that was asked for."""
        if self._config.getoption("--replay-update") and self.results:
            self.comparison.write_baseline(self.results)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Says what became of the baseline."""
        file = self._config.getoption("--replay-baseline")
        if self._config.getoption("--replay-update"):
            count = sum(len(result.entries) for _, result in self.results)
            terminalreporter.write_line(f"replay: {file} accepts what differs: {count} effects")
            return
        for line in self.comparison.unused(self.results) if self.results and file else ():
            terminalreporter.write_line(f"replay: {file}: no longer occurs: {escape(line)}")


class LogFile(pytest.File):
    """A file with one log or several."""

    logs: LogCollection

    @classmethod
    def of(cls, parent: pytest.Collector, path: Path, logs: LogCollection) -> "LogFile":
        """The collector of a file for a session's logs."""
        file: LogFile = cls.from_parent(parent, path=path)
        file.logs = logs
        return file

    def collect(self) -> Iterator["LogItem"]:
        """An item a log. Raises CollectError for what cannot be read."""
        from replay.api import read_logs
        from replay.errors import ReplayError

        try:
            logs = read_logs(self.path)
        except ReplayError as error:
            raise self.CollectError(str(error)) from None
        for log in logs:
            yield LogItem.of(self, log)


class LogItem(pytest.Item):
    """A log, replayed in all variants and compared."""

    log: "Log"
    logs: LogCollection

    @classmethod
    def of(cls, parent: LogFile, log: "Log") -> "LogItem":
        """The item for a log of a file."""
        item: LogItem = cls.from_parent(parent, name=log.name)
        item.log, item.logs = log, parent.logs
        item.user_properties.append(("fingerprint", log.fingerprint))
        return item

    def runtest(self) -> None:
        """Raises LogsFail with the report, or ReplayError for what cannot be compared."""
        result = self.logs.comparison.compare(self.log)
        self.logs.results.append((self.log.name, result))
        if text := self.logs.comparison.failure(result):
            raise LogsFail(text)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """The report, or what went wrong; a traceback only for a fault of replay."""
        from replay.errors import ReplayError

        if isinstance(excinfo.value, LogsFail | ReplayError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, and what a failure is called."""
        return self.path, None, f"{self.path.name}::{self.name}"


class Comparison:
    """What the options of a session say is compared, and how."""

    def __init__(self, config: pytest.Config) -> None:
        from replay.analysis.baseline import read_baseline
        from replay.cli.log_diffs import DiffOptions

        self._config = config
        self._file: str | None = config.getoption("--replay-baseline")
        self._update: bool = config.getoption("--replay-update")
        exists = self._file is not None and (Path(self._file).exists() or not self._update)
        self._accepted = read_baseline(Path(self._file)) if self._file and exists else ()
        self._players, has_machine = self._players_of(_session(config))
        accepted = () if self._update else self._accepted
        self._options = DiffOptions((), (), accepted, interactions=False)
        self._attributed = not has_machine

    def _players_of(self, session: "Session") -> "tuple[tuple[Player, ...], bool]":
        """What plays the logs, and whether one of them is no variant of the model."""
        from replay.errors import ReplayError
        from replay.variants.variant import parse_machine, parse_range

        text = self._config.getoption("--replay-variants") or ""
        words = [word for word in text.split(",") if word]
        sides = [side for word in words for side in parse_range(word) or (word,)]
        if len(sides) == 1:
            raise ReplayError(f"only one variant, {sides[0]}", do="--replay-variants A,B")
        has_machine = any(parse_machine(side, {}) for side in sides)
        if has_machine and self._file:
            raise ReplayError("a baseline needs variants of the model", do="leave it out")
        return session.players(sides), has_machine

    def compare(self, log: "Log") -> "DiffResult":
        """What differs in a log, and what would have to be accepted."""
        from replay.cli.log_diffs import plainly, result_of

        return result_of(plainly(self._players)(log), self._options, self._attributed)

    def failure(self, result: "DiffResult") -> str:
        """The report of a log that fails, "" for one that does not."""
        from replay.reports.documents.diff import DiffReports
        from replay.reports.rendering import OutputFormat, render

        verdict = result.report.verdict
        is_part = self._config.getoption("--replay-strict") and not result.report.compared.is_all
        if verdict == "same" and not is_part:
            return ""
        if verdict == "differs" and self._update:
            return ""
        report = render(DiffReports((result.report,)), OutputFormat.TEXT)
        # pytest shows the first line in its summary.
        return f"{result.report.headline}\n\n{report}"

    def write_baseline(self, results: "list[tuple[str, DiffResult]]") -> None:
        """Accepts what the results have; entries for logs that did not run stay."""
        from replay.analysis.baseline import format_baseline
        from replay.files import deliver

        names = [name for name, _ in results]
        others = [entry for entry in self._accepted if not entry.is_about(names)]
        entries = [entry for _, result in results for entry in result.entries]
        deliver([format_baseline([*others, *entries]).encode()], Path(self._file or ""))

    def unused(self, results: "list[tuple[str, DiffResult]]") -> Iterator[str]:
        """The entries about these logs that cover nothing any more."""
        used = frozenset().union(*(result.used for _, result in results))
        names = [name for name, _ in results]
        for number, entry in enumerate(self._accepted):
            if number not in used and entry.is_about(names):
                what = " ".join(filter(None, (entry.kind, entry.path, entry.field)))
                yield f"{what} in {entry.log}, by {entry.patch}"


def _session(config: pytest.Config) -> "Session":
    """What every command begins with; nothing is stored here."""
    from replay.cli.session import Session

    patches = config.getoption("--replay-patches") or os.environ.get("REPLAY_PATCHES")
    held = ExitStack()
    config.add_cleanup(held.close)
    return Session(":memory:", Path(patches) if patches else None, {}, held.enter_context)
