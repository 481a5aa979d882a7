"""The README's sessions: run again, and written back with `python -m tests.readme`."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*(?:\\\n.*)*)\n", re.MULTILINE)


def sessions(text: str) -> list[str]:
    """The console blocks of a page."""
    return BLOCK.findall(text)


def rerun(session: str, place: Path) -> str:
    """A session as it reads when its commands are run one after the other in `place`."""
    for name in ("patches", "tests"):
        if not (place / name).exists():
            (place / name).symlink_to(ROOT / name)
    return "".join(f"$ {command}\n{run(command, place)}" for command in COMMAND.findall(session))


def run(command: str, place: Path) -> str:
    """What a command prints, replay being this checkout's."""
    replay = f'replay() {{ "{sys.executable}" -m replay "$@"; }}\n'
    settings = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        ["bash", "-c", replay + command],
        cwd=place,
        env={**settings, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return done.stdout


def rewritten(text: str) -> str:
    """The page with the output of its sessions as it is today."""
    with tempfile.TemporaryDirectory() as place:
        return BLOCK.sub(lambda block: f"```console\n{rerun(block.group(1), Path(place))}```", text)


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
