"""What tests share."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from replay.variants.variant import Subject, load_subject
from tests.examples import PATCHES

TOY = PATCHES.parent / "tests" / "toy"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds --write-gold, which makes the expected output anew; look at its diff."""
    parser.addoption("--write-gold", action="store_true", help="write tests/data/gold anew")


@pytest.fixture(scope="session")
def need() -> Callable[[str, str], None]:
    """need(program, package): skips a test if a program is missing; under CI=true it fails."""

    def check(program: str, package: str) -> None:
        if shutil.which(program) is None:
            reason = f"{program} is missing: install the package {package}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)

    return check


@pytest.fixture(scope="session")
def backports() -> Path:
    """The directory of a second build: skips a test if it is missing; under CI=true it fails."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    builds = Path(os.environ.get("REPLAY_BUILDS") or home / "replay" / "builds")
    if not (builds / "backports" / "usr" / "bin" / "qemu-img").exists():
        reason = (
            "the packages qemu-system-x86 and qemu-utils of Debian's backports are not unpacked:"
            f" .ci/unpack-qemu {builds}/backports bookworm bookworm-backports"
        )
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return builds / "backports"


@pytest.fixture(scope="session")
def qemu() -> Subject:
    """QEMU's block layer."""
    return load_subject(PATCHES)


@pytest.fixture(scope="session")
def toy() -> Subject:
    """The shunting yard."""
    return load_subject(TOY)
