"""replay builds."""

from pathlib import Path
from typing import Annotated

import typer

from replay.cli.app import app, print_result
from replay.cli.listings import builds as list_of_builds
from replay.errors import ReplayError
from replay.qemu.live.builds import list_builds


@app.command("builds")
def builds(
    directories: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR...]", help="Default: the one in PATH.")
    ] = None,
) -> None:
    """List the real QEMUs there are, as variants, with version and digest."""
    named = list(list_builds(directories or ()))
    if not named:
        do = "name directories with a qemu-system-x86_64, or with unpacked packages"
        raise ReplayError("no build of QEMU there", do=do)
    rows = ((build.name, build.version, build.digest[:12], build.remark) for build in named)
    print_result(list_of_builds(rows))
