"""A PostgreSQL server of our own: on a socket in a directory that goes with it."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import quote

ACCESS = """
local all with_password scram-sha-256
local all all trust
"""
"""Who may come in: one role with its password, all others as they are."""

SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "60"}
"""A server that nothing outside can reach, and that need not survive a power cut."""


class Server:
    """A running server; `database()` makes a new database in it and returns its URL."""

    def __init__(self, place: Path, settings: dict[str, str]) -> None:
        self.place, self.settings = place, settings
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, and returns when it answers."""
        options = [word for pair in self.settings.items() for word in ("-c", "=".join(pair))]
        with (self.place / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program("postgres"), "-D", self.place / "data", "-k", self.place, *options],
                stdout=log,
                stderr=log,
                **as_nobody_special(),
            )
        for _ in range(600):
            if self._process.poll() is not None:
                raise AssertionError((self.place / "log").read_text())
            if self.ready():
                return
            time.sleep(0.05)
        raise AssertionError("the server does not answer")

    def ready(self) -> bool:
        """Whether it answers."""
        words = [program("pg_isready"), "-q", "-h", self.place]
        return subprocess.run(words, check=False).returncode == 0

    def stop(self, ending: signal.Signals = signal.SIGINT) -> None:
        """Ends it with its connections, by SIGINT in order, by SIGQUIT at once."""
        assert self._process
        self._process.send_signal(ending)
        self._process.wait(120)

    def database(self, options: str = "ENCODING 'UTF8'") -> str:
        """The URL of a new database; `options` are those of CREATE DATABASE."""
        name = f"db{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE template0 {options}")
        return self.url(name)

    def schema(self) -> str:
        """The URL of an empty schema, for a store of its own: much cheaper than a database."""
        name = f"s{next(self._numbers)}"
        self.run(f"CREATE SCHEMA {name}")
        return f"{self.url('postgres')}&options=-csearch_path%3D{name}"

    def url(self, database: str, role: str = "postgres") -> str:
        """The URL of a database for a role."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.place), safe='')}"

    def run(self, statement: str, database: str = "postgres") -> None:
        """Runs a statement as the superuser."""
        words = ["-h", self.place, "-U", "postgres", "-d", database, "-qc", statement]
        subprocess.run([program("psql"), "-X", "-v", "ON_ERROR_STOP=1", *words], check=True)


@contextmanager
def running_server(**settings: str) -> Iterator[Server]:
    """A server that runs within the block, and leaves nothing behind."""
    # pytest's directories have names too long for a socket.
    place = Path(tempfile.mkdtemp(prefix="pg-"))
    server = Server(place, {**SETTINGS, **settings})
    try:
        if os.getuid() == 0:
            shutil.chown(place, *owner())
        words = [program("initdb"), "-D", place / "data", "-U", "postgres", "-A", "trust", "-N"]
        words += ["-E", "UTF8", "--locale=C.UTF-8"]
        done = subprocess.run(words, check=False, capture_output=True, **as_nobody_special())
        assert done.returncode == 0, done.stderr.decode()
        (place / "data" / "pg_hba.conf").write_text(ACCESS)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def program(name: str) -> str:
    """The path of one of PostgreSQL's programs; Debian has most of them beside no PATH."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -float(p.parent.name))
    path = shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ["PATH"]]))
    return path or name


def owner() -> tuple[int, int]:
    """The user and group that the server runs as where the tests are root: it refuses root."""
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise AssertionError("there is no user for the server")


def as_nobody_special() -> dict[str, object]:
    """How a process is started that must not be root's."""
    if os.getuid() != 0:
        return {}
    user, group = owner()
    return {"user": user, "group": group, "extra_groups": [], "cwd": "/"}


def needed(need: Callable[[str, str], None]) -> None:
    """Skips a test if the server is missing; under CI=true it fails."""
    need(program("initdb"), "postgresql")
