"""Takes the README's pictures: python -m tests.screenshots writes .github/*.png and *.svg anew.

It needs chromium and chromium-driver; colours are cut down to a palette, to keep the files small.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from selenium.webdriver.common.by import By

from replay import load_subject, read_log
from replay.cli.commands.explore import exploration
from replay.cli.commands.explore.screen import ExploreApp
from tests.browser import chromium

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "patches" / "examples"
COLOURS = 128


class Picture(NamedTuple):
    """A part of an example's page, in a window of some pixels."""

    log: str
    part: str
    height: int
    flags: tuple[str, ...] = ()


PICTURES = {
    "report.png": Picture("deleted-overlay", "html", 1180),
    "report-graphs.png": Picture("live-snapshot", ".moment:not([hidden]) .graphs", 2400),
    "report-dark.png": Picture("live-snapshot", "html", 1180, ("--force-dark-mode",)),
}


SCREENS = {
    "explore.svg": ((80, 24), ["n"]),
    "explore-wide.svg": ((150, 36), ["n", "tab"]),
}
"""The size of a terminal, and the keys that are pressed in `replay explore`."""


def screen(name: str, size: tuple[int, int], keys: list[str]) -> None:
    """Writes one picture of a terminal."""
    subject = load_subject(ROOT / "patches")
    variants = subject.variants("with", "after")
    first = exploration(read_log(EXAMPLES / "deleted-overlay.jsonl"), variants)
    app = ExploreApp(first, lambda log: exploration(log, variants), "deleted-overlay")

    async def drive() -> str:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.press(*keys)
            await pilot.pause()
            return app.export_screenshot(title="replay explore deleted-overlay with after")

    text = asyncio.run(drive())
    # Rich makes ids at random; the same screen is to be the same file.
    text = re.sub(r"terminal-\d+", "terminal-0", text)
    (ROOT / ".github" / name).write_text("\n".join(map(str.rstrip, text.splitlines())) + "\n")
    print(f".github/{name}: {len(text)} bytes")


def page(log: str, place: Path) -> Path:
    """The page of an example's diff."""
    target = place / f"{log}.html"
    words = ["--db", place / "db", "--patches", ROOT / "patches", "diff"]
    words += [EXAMPLES / f"{log}.jsonl", "--format", "html", "-o", target]
    subprocess.run([sys.executable, "-m", "replay", *words], check=False, cwd=ROOT)
    return target


def take(name: str, picture: Picture, place: Path) -> None:
    """Writes one picture."""
    size = f"--window-size=1300,{picture.height}"
    with chromium(place / f"profile-{name}", size, *picture.flags) as driver:
        driver.get(page(picture.log, place).as_uri())
        if picture.part == "html":
            driver.save_screenshot(str(place / name))
        else:
            driver.find_element(By.CSS_SELECTOR, picture.part).screenshot(str(place / name))
    target = ROOT / ".github" / name
    fewer = Image.open(place / name).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    fewer.save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        for name, picture in PICTURES.items():
            take(name, picture, Path(directory))
    for name, (size, keys) in SCREENS.items():
        screen(name, size, keys)
