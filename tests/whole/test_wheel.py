"""An installed wheel does the main job far from the checkout."""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The bin directory of a virtual environment that has replay from its wheel."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    venv.create(place / "venv", symlinks=True, with_pip=False)
    [packages] = (place / "venv").glob("lib/python*/site-packages")
    # The libraries are this interpreter's; replay itself can only be the wheel's, found first.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    [wheel] = place.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "--python", place / "venv", "install", "-q", "--no-deps"]
    subprocess.run([*pip, "--no-index", wheel], check=True, capture_output=True)
    return place / "venv" / "bin"


def run(installed: Path, cwd: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    """A program of the virtual environment, run with nothing of this one's settings."""
    command = [installed / words[0], *words[1:]]
    return subprocess.run(
        command, cwd=cwd, env={"LC_ALL": "C.UTF-8"}, capture_output=True, text=True, check=False
    )


def test_the_wheel_brings_its_patches_and_migrations(installed, tmp_path):
    where = run(installed, tmp_path, "python", "-c", "import replay; print(replay.__file__)")
    package = Path(where.stdout.strip()).parent
    assert package.is_relative_to(installed.parent)
    log = package / "patches" / "examples" / "snapshot-on.jsonl"
    done = run(installed, tmp_path, "replay", "diff", "--format", "json", log)
    assert (done.returncode, done.stderr) == (1, "")
    told = json.loads(done.stdout)
    assert [variant["name"] for variant in told["variants"]] == ["before", "with", "after"]
    assert told["divergences"]
    assert (tmp_path / "replay.db").exists()
    assert (package / "reports" / "schemas" / "diff.json").exists()
    page = run(installed, tmp_path, "replay", "diff", "--format", "html", log)
    assert page.stdout.startswith("<!DOCTYPE html>")
