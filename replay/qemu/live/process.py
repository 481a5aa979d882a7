"""Starting, talking to and stopping one QEMU process over QMP."""

import asyncio
import os
import pty
import signal
import time
from asyncio import Future
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from qemu.qmp import EventListener, ExecuteError, Message, QMPClient, QMPError

from replay.errors import DoesNotStart
from replay.qemu.live.allowed_commands import JOB_NOTICES
from replay.qemu.live.builds import Build
from replay.qemu.live.memory import ProgramMemory, UnreadableError, program_memory, with_children
from replay.qemu.live.programs import SECONDS, HangWatch, TimeLimitError
from replay.qemu.live.sandbox import Sandbox

QmpReply = Mapping[str, Any]
"""{"return": value} or {"error": {"class", "desc"}}."""

QmpCommand = tuple[str, Mapping[str, Any]]
"""A command's name and its arguments."""


QUOTA = 2**30
"""How many bytes the files of a log may take on the disk."""

START_SECONDS = 60.0
"""How long QEMU may take to call."""

GLANCE = 0.2
"""How often it is looked, in seconds, whether they take more, while a command runs."""

MOST_PRINTED = 2**20
"""How much a program may print in answer to a command; a flood would never end."""


HANG = "Hang"
"""How a QEMU ends that would never answer."""


class GoneError(Exception):
    """QEMU is gone or hangs: how it ended in a word, and its last words."""

    def __init__(self, how: str, words: str) -> None:
        super().__init__(f"{how}: {words}")
        self.how = how
        self.words = words


class Client(QMPClient):
    """A QMP client that keeps no log: putting every message in words takes half of its time."""

    def _cb_outbound(self, msg: Message) -> Message:
        return msg

    def _cb_inbound(self, msg: Message) -> Message:
        return msg


class Machine:
    """A running QEMU.

    Notices report jobs: `jobs` has the status of each, `moved` those whose status has changed,
    `news` the last notice about the readiness or the end of each, `ready` those that are ready.
    Every method raises GoneError when QEMU ends, hangs or fills more than QUOTA of the disk, and
    TimeLimitError when it takes too long.
    """

    def __init__(self, process: Process, client: QMPClient, terminal: int, places: Sandbox) -> None:
        self.process = process
        self.jobs: dict[str, str] = {}
        self.moved: set[str] = set()
        self.ready: set[str] = set()
        self.news: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._client = client
        self._listener = EventListener()
        self._client.register_listener(self._listener)
        self._terminal = terminal
        self._places = places

    @cached_property
    def memory(self) -> ProgramMemory:
        """Its memory. Raises UnreadableError where that cannot be read."""
        return program_memory(self.process.pid)

    def forget(self) -> None:
        """Forgets what notices said of jobs that are over."""
        self._take_notices()
        self.jobs.clear()
        self.moved.clear()
        self.ready.clear()
        self.news.clear()
        self._printed()

    async def execute(self, name: str, arguments: Mapping[str, Any]) -> QmpReply:
        """The reply to a command."""
        (reply,) = await self.execute_all([(name, arguments)])
        return reply

    async def execute_all(self, commands: Sequence[QmpCommand]) -> list[QmpReply]:
        """The replies to commands that QEMU gets at once, and does one after another."""
        names = ", ".join(dict.fromkeys(name for name, _ in commands))
        try:
            replies: list[QmpReply] = await self._in_time(self._replies(commands), names)
        finally:
            self._take_notices()
        return replies

    async def _replies(self, commands: Sequence[QmpCommand]) -> list[QmpReply]:
        return await asyncio.gather(*(self._reply(*command) for command in commands))

    async def _reply(self, name: str, arguments: Mapping[str, Any]) -> QmpReply:
        try:
            return {"return": await self._client.execute(name, dict(arguments))}
        except ExecuteError as error:
            return {"error": {"class": error.error_class, "desc": str(error)}}

    async def query(self, *names: str) -> list[Any]:
        """What queries return."""
        replies = await self.execute_all([(name, {}) for name in names])
        for name, reply in zip(names, replies, strict=True):
            if "error" in reply:
                raise GoneError("NoAnswer", f"QEMU refuses {name}: {reply['error']['desc']}")
        return [reply["return"] for reply in replies]

    async def human(self, line: str) -> tuple[str, str]:
        """What the human monitor answers to a line, and what QEMU printed meanwhile."""
        self._printed()
        reply = await self.execute("human-monitor-command", {"command-line": line})
        if "error" in reply:
            return str(reply["error"]["desc"]), ""
        return str(reply["return"]), self._printed()

    async def humans(self, lines: Sequence[str]) -> None:
        """Gives lines to the human monitor, whatever it answers."""
        commands = [("human-monitor-command", {"command-line": line}) for line in lines]
        await self.execute_all(commands)
        self._printed()

    async def wait(self, until: Callable[[], bool], what: str) -> bool:
        """Waits until notices have made it so; False if QEMU does nothing about it any more."""

        async def notices() -> None:
            while not until():
                self._note(await self._listener.get())

        try:
            await self._in_time(notices(), what)
        except GoneError as error:
            if error.how != HANG:
                raise
            return False
        return True

    async def _in_time(self, doing: Any, what: str) -> Any:
        """The result; whichever comes first of it, a limit and the end of QEMU."""
        task = asyncio.ensure_future(doing)
        end = asyncio.ensure_future(self.process.wait())
        try:
            await self._done(task, end, what)
            if task.done() and not isinstance(task.exception(), QMPError | EOFError):
                return task.result()
            raise await self._ending()
        finally:
            for unfinished in (task, end):
                unfinished.cancel()
            await asyncio.gather(task, end, return_exceptions=True)

    async def _done(self, task: Future[Any], end: Future[int], what: str) -> None:
        """Returns when one of them is done. Raises GoneError if QEMU hangs."""
        limit = time.monotonic() + SECONDS
        watch: HangWatch | None = None
        while True:
            await asyncio.wait({task, end}, timeout=GLANCE, return_when="FIRST_COMPLETED")
            self._within_quota()
            if task.done() or end.done():
                return
            watch = watch or HangWatch(self._processes())
            if how := watch.hangs():
                raise GoneError(HANG, f"QEMU {how} and does not finish {what}")
            if time.monotonic() > limit:
                raise TimeLimitError(f"QEMU takes longer than {SECONDS:.0f} s for {what}")

    def _processes(self) -> list[int]:
        """QEMU, or what started it where it is not known which that is."""
        try:
            return [self.memory.process]
        except UnreadableError:
            return [*with_children(self.process.pid)]

    def _within_quota(self) -> None:
        if self._places.used() + self._places.used_unnamed(self.process.pid) > QUOTA:
            raise GoneError("Quota", f"its files take more than {QUOTA} bytes of the disk")

    async def _ending(self) -> GoneError:
        """How the process ended."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), SECONDS)
        code = self.process.returncode
        words = self._printed().strip().rpartition("\n")[2].strip()
        if "Assertion" in words:
            return GoneError("Assertion", words)
        if code is None:
            return GoneError("Exit", "QEMU has closed its monitor")
        if code < 0:
            return GoneError(signal.Signals(-code).name, words)
        return GoneError("Exit", words or f"exit status {code}")

    def _take_notices(self) -> None:
        for notice in self._listener.clear():
            self._note(notice)

    def _note(self, notice: Mapping[str, Any]) -> None:
        name, data = notice["event"], notice.get("data", {})
        if name in JOB_NOTICES:
            self.news[data["device"]] = (name, data)
        if name in JOB_NOTICES and JOB_NOTICES[name] == "ready":
            self.ready.add(data["device"])
        if name == "JOB_STATUS_CHANGE":
            self.moved.add(data["id"])
            self.jobs[data["id"]] = data["status"]
            if data["status"] == "null":
                del self.jobs[data["id"]]
                self.ready.discard(data["id"])

    def _printed(self) -> str:
        """What QEMU has printed since the last call."""
        parts: list[bytes] = []
        with suppress(BlockingIOError, OSError):
            while part := os.read(self._terminal, 65536):
                parts.append(part)
                if sum(map(len, parts)) > MOST_PRINTED:
                    raise GoneError("Flood", f"QEMU prints more than {MOST_PRINTED} bytes at once")
        return b"".join(parts).decode(errors="replace")


@asynccontextmanager
async def machine(build: Build, places: Sandbox) -> AsyncIterator[Machine]:
    """A machine that has started and is killed at the end. Raises ReplayError if it can't start."""
    socket = places.root / "qmp"
    socket.unlink(missing_ok=True)
    client = Client("replay")
    await client.start_server(str(socket))
    # QEMU flushes what it prints line by line only to a terminal.
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    process = None
    try:
        process = await asyncio.create_subprocess_exec(
            *(*build.system, *arguments(socket)),
            cwd=places.images,
            env={**os.environ, **build.environment, "TMPDIR": str(places.temporary)},
            stdin=DEVNULL,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        await wait_for_call(client, process, ours)
        yield Machine(process, client, ours, places)
    finally:
        if process is not None:
            # The group: a script may have started the program that is to end.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        with suppress(QMPError, EOFError, OSError):
            await client.disconnect()
        os.close(ours)
        os.close(theirs)


def arguments(socket: Path) -> tuple[str, ...]:
    """The command line: no guest, no defaults, no right to start programs."""
    return (
        *("-machine", "none", "-S", "-nodefaults", "-no-user-config", "-display", "none"),
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny"),
        *("-chardev", f"socket,id=qmp,path={socket}", "-mon", "chardev=qmp,mode=control"),
    )


async def wait_for_call(client: QMPClient, process: Process, terminal: int) -> None:
    """Waits for QEMU to call; ReplayError with its last words if it ends before that."""
    call = asyncio.ensure_future(client.accept())
    end = asyncio.ensure_future(process.wait())
    await asyncio.wait({call, end}, timeout=START_SECONDS, return_when="FIRST_COMPLETED")
    if call.done() and call.exception() is None:
        end.cancel()
        return
    call.cancel()
    end.cancel()
    await asyncio.gather(call, end, return_exceptions=True)
    words = ""
    with suppress(OSError):
        words = os.read(terminal, 65536).decode(errors="replace").strip()
    raise DoesNotStart(f"QEMU does not start: {words.splitlines()[-1] if words else 'no answer'}")
