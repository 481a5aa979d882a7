"""Takes the README's pictures: python -m tests.screenshots writes .github/*.png anew.

It needs chromium and chromium-driver; colours are cut down to a palette, to keep the files small.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from selenium.webdriver.common.by import By

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
