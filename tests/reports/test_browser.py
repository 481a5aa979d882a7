"""Pages of diffs in a real browser: what is shown, by keyboard, without a request or an error."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import chromium, requests
from tests.hostile import hostile

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "patches" / "examples").glob("*.jsonl"))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """page(LOG...): the file with the page of a diff, made by the command line once."""
    place = tmp_path_factory.mktemp("pages")

    def make(*logs: Path) -> Path:
        target = place / f"{'-'.join(log.stem for log in logs)[:60]}.html"
        if not target.exists():
            words = ["--db", place / "db", "--patches", ROOT / "patches", "diff", *logs]
            command = [sys.executable, "-m", "replay", *words, "--format", "html", "-o", target]
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
            assert (done.returncode, done.stderr) == (1, "")
        return target

    return make


@pytest.fixture
def show(browser, page):
    """show(LOG..., at=ADDRESS): opens the page; in the end all went well without a request."""
    pages: list[str] = []

    def open(*logs: Path, at: str = ""):
        pages.append(page(*logs).as_uri())
        browser.get(f"{pages[-1]}#{at}" if at else pages[-1])
        return browser

    browser.get("about:blank")
    requests(browser), browser.get_log("browser")
    yield open
    assert [address.partition("#")[0] for address in requests(browser)] == pages
    assert browser.get_log("browser") == []


def press(driver, *keys: str) -> None:
    for key in keys:
        ActionChains(driver).send_keys(key).perform()


SHOWN = """
const seqs = (rows) => rows.map((it) => it.dataset.seq)
const moments = [...document.querySelectorAll(".moment")]
return [seqs(moments.filter((it) => it.getClientRects().length)),
    seqs([...document.querySelectorAll("ol.events a[aria-current]")])]
"""
"""The events that are shown, and those that the list marks, both at one time."""


def moment(driver) -> str:
    """The event that is shown: the only one."""
    shown, current = driver.execute_script(SHOWN)
    assert current == shown
    [seq] = shown
    return str(seq)


def until(driver, seq: int) -> None:
    """Waits until an event is shown; those that are packed take a moment to unpack."""
    WebDriverWait(driver, 10).until(lambda _: moment(driver) == str(seq))


@pytest.mark.parametrize("log", EXAMPLES, ids=lambda log: log.stem)
def test_the_page_of_an_example_shows_its_headline_and_a_graph_for_each_variant(show, log):
    driver = show(log)
    assert driver.title == f"{log.stem} - replay"
    assert driver.find_element(By.CSS_SELECTOR, ".headline").text.startswith(("#", "Only state"))
    shown = [f for f in driver.find_elements(By.CSS_SELECTOR, "figure") if f.is_displayed()]
    names = [figure.find_element(By.TAG_NAME, "figcaption").text for figure in shown]
    assert names == ["before", "with", "after"]


def test_keys_step_from_event_to_event_and_stop_at_the_ends(show):
    driver = show(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")
    until(driver, 5)
    press(driver, Keys.ARROW_RIGHT)
    until(driver, 6)
    press(driver, Keys.ARROW_RIGHT)
    until(driver, 6)
    press(driver, *[Keys.ARROW_LEFT] * 4)
    until(driver, 2)
    assert "image /images/overlay.qcow2" in driver.find_element(By.ID, "l1e2").text


def test_keys_step_from_divergence_to_divergence_and_enter_opens_what_explains_it(show):
    driver = show(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")
    press(driver, "n")
    until(driver, 3)
    while driver.switch_to.active_element.text != "#5-#6 /images/overlay.qcow2 existence":
        press(driver, "n")
    until(driver, 5)
    chosen = driver.find_element(By.CSS_SELECTOR, ".divergence.chosen")
    assert not chosen.find_element(By.TAG_NAME, "dl").is_displayed()
    press(driver, Keys.ENTER)
    WebDriverWait(driver, 10).until(lambda _: chosen.get_property("open"))
    assert 'Revert "block: another bdrv_append fix": exists → unlinked' in chosen.text
    reason = chosen.find_elements(By.CSS_SELECTOR, ".reason")[-1]
    assert reason.text.startswith("after #5 qmp blockdev-snapshot-sync")
    reason.find_element(By.TAG_NAME, "summary").send_keys(Keys.ENTER)
    assert "#3 event: cli drive if=none,id=drive0" in reason.text
    chosen.find_element(By.LINK_TEXT, "7e3d98dd").send_keys(Keys.ENTER)
    removed = driver.find_element(By.CSS_SELECTOR, ".patch[open] .diff .removed")
    assert removed.is_displayed()
    press(driver, "p")
    until(driver, 3)


def test_an_unlinked_file_is_struck_through_only_where_it_is(show):
    driver = show(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")
    struck = {
        figure.find_element(By.TAG_NAME, "figcaption").text: [
            text.text for text in figure.find_elements(By.CSS_SELECTOR, "text.struck")
        ]
        for figure in driver.find_elements(By.CSS_SELECTOR, "#l1e5 figure")
    }
    assert struck == {"before": [], "with": [], "after": ["overlay.qcow2", "overlay.qcow2"]}
    shown = driver.find_element(By.CSS_SELECTOR, "text.struck")
    assert "line-through" in shown.value_of_css_property("text-decoration")


def test_a_bar_of_the_time_line_leads_to_its_divergence(show):
    driver = show(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")
    bar = driver.find_element(By.CSS_SELECTOR, ".timeline a:has(rect.behaviour)")
    ActionChains(driver).move_to_element(bar).click().perform()
    until(driver, 5)
    opened = driver.find_element(By.CSS_SELECTOR, ".divergence[open]")
    assert opened.find_element(By.CSS_SELECTOR, ".path").text == "/images/overlay.qcow2"


def opened(driver) -> list[str]:
    """The addresses of the divergences that are unfolded and in view."""
    inside = (
        "const b = arguments[0].getBoundingClientRect(); return b.top >= 0 && b.top < innerHeight"
    )
    return [
        it.get_dom_attribute("id")
        for it in driver.find_elements(By.CSS_SELECTOR, ".divergence[open]")
        if driver.execute_script(inside, it)
    ]


def test_a_page_opened_at_the_address_of_a_divergence_shows_it_unfolded(show):
    address = "5//images/overlay.qcow2/existence"
    driver = show(ROOT / "patches" / "examples" / "deleted-overlay.jsonl", at=address)
    until(driver, 5)
    WebDriverWait(driver, 10).until(lambda _: opened(driver) == [address])


def test_a_click_on_the_mark_of_a_divergence_makes_its_address_that_of_the_page(show):
    driver = show(*EXAMPLES[:2])
    mark = driver.find_elements(By.CSS_SELECTOR, ".divergence .seq")[-1]
    ActionChains(driver).move_to_element(mark).click().perform()
    address = mark.get_dom_attribute("href").removeprefix("#")
    assert address.startswith(f"{EXAMPLES[1].stem}/")
    assert driver.current_url.partition("#")[2] == address
    WebDriverWait(driver, 10).until(lambda _: opened(driver) == [address])


def button(driver, row: str, label: str):
    """One of the buttons of a row that copy, in view."""
    driver.execute_script("arguments[0].open = true", driver.find_element(By.CSS_SELECTOR, row))
    buttons = driver.find_elements(By.CSS_SELECTOR, f"{row} .copy button")
    [found] = [it for it in buttons if it.text == label]
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    return found


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("command", "replay explain deleted-overlay /images/overlay.qcow2 before..after --seq 5"),
        ("log", '{"replay_log":1,"name":"deleted-overlay"'),
        ("script", "replay reproduce before with after -- deleted-overlay"),
    ],
)
def test_a_divergence_is_copied_as_command_log_or_script(show, label, text):
    driver = show(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")
    rights = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    driver.execute_cdp_cmd("Browser.grantPermissions", rights)
    row = "[id='5//images/overlay.qcow2/existence']"
    button(driver, row, label).click()
    WebDriverWait(driver, 10).until(lambda _: driver.find_elements(By.CSS_SELECTOR, ".copied"))
    copied = driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied.startswith(text)


def test_what_must_not_be_copied_is_selected_for_a_reader_to_copy(show):
    driver = show(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")
    driver.execute_script("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    button(driver, "[id='5//images/overlay.qcow2/existence']", "script").click()
    area = driver.find_element(By.CSS_SELECTOR, ".copy textarea")
    assert driver.switch_to.active_element == area
    selected = (
        "return arguments[0].value.slice(arguments[0].selectionStart, arguments[0].selectionEnd)"
    )
    text = "replay reproduce before with after -- deleted-overlay"
    assert driver.execute_script(selected, area) == text
    press(driver, "n")
    assert driver.switch_to.active_element == area


def displayed(driver, selector: str) -> list[str]:
    """The texts of the elements that a reader sees."""
    return [it.text for it in driver.find_elements(By.CSS_SELECTOR, selector) if it.is_displayed()]


ROWS = ".divergence > summary, .chapter, ol.events li, .logs li"


def test_the_filter_leaves_what_has_all_its_words_of_logs_nodes_fields_and_patches(show):
    driver = show(*EXAMPLES[:2])
    every = displayed(driver, ROWS)
    box = driver.find_element(By.ID, "filter")
    box.send_keys("OPEN_flags .backing")
    kept = displayed(driver, ".divergence > summary")
    assert kept and all("open_flags" in it and "backing" in it for it in kept)
    assert 0 < len(displayed(driver, ROWS)) < len(every)
    box.clear()
    box.send_keys("7e3d98dd")
    assert displayed(driver, "div.chapter") and displayed(driver, ".divergence > summary")
    assert displayed(driver, "ol.events li") == []
    box.clear()
    box.send_keys(EXAMPLES[1].stem)
    assert displayed(driver, "article .log")[0].startswith(EXAMPLES[1].stem)
    assert len(displayed(driver, "article")) == 1
    box.send_keys(" no such thing")
    assert displayed(driver, ROWS) == displayed(driver, "article") == []
    assert driver.find_element(By.ID, "kept").text == "0 found"
    box.clear()
    box.send_keys(" ")
    assert displayed(driver, ROWS) == every


def test_keys_in_the_filter_are_text_and_those_outside_skip_what_it_hides(show):
    driver = show(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")
    until(driver, 5)
    box = driver.find_element(By.ID, "filter")
    box.send_keys("existence")
    until(driver, 5)
    driver.find_element(By.TAG_NAME, "h2").click()
    for _ in range(4):
        press(driver, "n")
        chosen = driver.find_element(By.CSS_SELECTOR, ".divergence.chosen > summary")
        assert "existence" in chosen.text
        assert chosen.is_displayed()


def test_a_link_shows_a_patch_that_the_filter_hides(show):
    driver = show(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")
    driver.find_element(By.ID, "filter").send_keys("overlay.qcow2 existence")
    row = driver.find_element(By.ID, "5//images/overlay.qcow2/existence")
    driver.execute_script("arguments[0].open = true", row)
    row.find_element(By.LINK_TEXT, "7e3d98dd").send_keys(Keys.ENTER)
    assert driver.find_element(By.CSS_SELECTOR, ".patch[open] .diff .removed").is_displayed()


def test_nothing_of_a_hostile_recording_comes_alive(show, tmp_path):
    driver = show(hostile(tmp_path / "hostile.jsonl"))
    assert "owned" not in driver.title.replace("hostile", "")
    for seq in range(4, 91):
        press(driver, Keys.ARROW_RIGHT)
        until(driver, seq)
    assert driver.find_elements(By.CSS_SELECTOR, "img, b > i, [onerror]") == []
    links = driver.find_elements(By.CSS_SELECTOR, "a")
    assert all((link.get_dom_attribute("href") or "").startswith("#") for link in links)
    assert driver.execute_script("return document.title").startswith("hostile")


def test_a_log_of_a_thousand_events_is_small_and_every_event_can_be_seen(show, page, tmp_path):
    log = thousand(tmp_path / "thousand.jsonl")
    driver = show(log)
    assert page(log).stat().st_size < 2_000_000
    for seq in (3, 500, 1000):
        row = driver.find_element(By.CSS_SELECTOR, f"ol.events a[data-seq='{seq}']")
        driver.execute_script("arguments[0].click()", row)
        until(driver, seq)
        assert len(driver.find_elements(By.CSS_SELECTOR, f"#l1e{seq} figure ellipse")) >= 12


def thousand(path: Path) -> Path:
    """A recording of a drive with snapshot=on, written to and live-snapshotted now and then."""
    drive = "if=none,id=drive0,file=/images/base.qcow2,snapshot=on"
    lines = [
        {"replay_log": 1, "name": "thousand"},
        {"kind": "image", "name": "/images/base.qcow2", "format": "qcow2", "size": 1 << 22},
        {"kind": "command", "channel": "cli", "name": "drive", "arguments": drive},
    ]
    for seq in range(3, 1001):
        if seq % 100:
            place = {"sector": seq * 8 % 8000, "sectors": 8, "pattern": seq % 256}
            lines.append({"kind": "guest", "name": "write", "device": "drive0", **place})
        else:
            overlay = {"device": "drive0", "snapshot-file": f"/images/{seq}.qcow2"}
            overlay["format"] = "qcow2"
            command = {"channel": "qmp", "name": "blockdev-snapshot-sync", "arguments": overlay}
            lines.append({"kind": "command", **command})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_several_logs_share_a_page_and_keys_stay_with_the_one_in_view(show):
    driver = show(*EXAMPLES[:2])
    articles = driver.find_elements(By.TAG_NAME, "article")
    assert len(articles) == 2
    names = [link.text for link in driver.find_elements(By.CSS_SELECTOR, ".logs a")]
    assert names == [log.stem for log in EXAMPLES[:2]]
    articles[1].find_element(By.CSS_SELECTOR, "ol.events a").send_keys(Keys.ARROW_LEFT)
    shown = driver.find_elements(By.CSS_SELECTOR, "ol.events a[aria-current]")
    assert [row.get_dom_attribute("data-seq") for row in shown] == ["5", "8"]


def test_without_javascript_all_events_at_which_something_begins_are_there(need, page, tmp_path):
    need("chromium", "chromium")
    need("chromedriver", "chromium-driver")
    target = page(ROOT / "patches" / "examples" / "deleted-overlay.jsonl")
    setting = "--blink-settings=scriptEnabled=false"
    with chromium(tmp_path / "profile", setting) as driver:
        driver.get(target.as_uri())
        shown = [m for m in driver.find_elements(By.CSS_SELECTOR, ".moment") if m.is_displayed()]
        assert [m.get_dom_attribute("data-seq") for m in shown] == ["3", "5"]
        assert not driver.find_element(By.CSS_SELECTOR, ".keys").is_displayed()
        patch = driver.find_element(By.CSS_SELECTOR, ".patch")
        patch.find_element(By.TAG_NAME, "summary").click()
        assert patch.find_element(By.CSS_SELECTOR, ".diff").is_displayed()
