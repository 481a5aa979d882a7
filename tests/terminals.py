"""A real terminal for tests: a command runs at one end, what it shows is read at the other."""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import tty

from replay.cli import main, progress_bar
from tests.whole.children import start

STYLE = re.compile(r"\x1b\[([\d;]*)m")
"""What may stand between the words: how those that follow look."""

PLAIN = ("COLUMNS", "NO_COLOR")


def on_terminal(*words: object, columns: int = 80, patience: float = 600, **settings: str) -> str:
    """What `replay WORDS` writes to a terminal of that width, on both its outputs.

    Progress is shown of what takes longer than `patience` seconds; by default nothing does.
    """
    near, far = pty.openpty()
    tty.setraw(far)
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = start(_there, os.ttyname(far), tuple(map(str, words)), patience, settings)
    shown = b""
    while process.is_alive() or _waiting(near):
        shown += os.read(near, 1 << 16) if _waiting(near) else b""
    os.close(near)
    os.close(far)
    return shown.decode()


def _waiting(near: int) -> bool:
    """Whether something comes within a moment."""
    return bool(select.select([near], [], [], 0.05)[0])


def _there(name: str, words: tuple[str, ...], patience: float, settings: dict[str, str]) -> None:
    """Ends the process as `replay WORDS` does on a terminal."""
    terminal = os.open(name, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(terminal, number)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8") for number in (1, 2))
    for setting in PLAIN:
        os.environ.pop(setting, None)
    os.environ |= {"TERM": "xterm-256color"} | settings
    progress_bar.PATIENCE = patience
    sys.argv = ["replay", *words]
    main()
