"""A page of many logs in a real browser: logs that differ alike are told once, others have room."""

import shlex
import sys
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from replay.cli import main
from replay.formats.read import read
from replay.reports.html import diff as html
from replay.reports.html import rows
from replay.store.event_store import open_store
from tests.bench.corpus import Kind, corpus
from tests.bench.speed import write_log
from tests.browser import requests
from tests.examples import PATCHES

SCRIPTS, ALIKE = 3, 4


@pytest.fixture(scope="module")
def db(tmp_path_factory) -> Path:
    """A database with logs of three scripts, and one in which nothing differs."""
    place = tmp_path_factory.mktemp("grouped")
    with open_store(place / "replay.db") as store:
        logs = corpus(Kind.RICH, SCRIPTS * ALIKE, SCRIPTS, events=16)
        store.add(read(write_log(place / "made.jsonl", *logs)))
        quiet = place / "quiet.jsonl"
        quiet.write_text(
            '{"replay_log": 1, "name": "quiet"}\n'
            '{"kind": "command", "channel": "cli", "name": "drive", "arguments": "if=none,id=d"}\n'
        )
        store.add(read(quiet))
    return place / "replay.db"


def write(db: Path, page: Path) -> Path:
    """The page that the command writes."""
    words = ["--db", str(db), "diff", "--all", "--format", "html", "-o", str(page)]
    with pytest.MonkeyPatch.context() as patched, pytest.raises(SystemExit) as exit:
        patched.setattr(sys, "argv", ["replay", "--patches", str(PATCHES), *words])
        main()
    assert exit.value.code == 1
    return page


@pytest.fixture(scope="module")
def page(db) -> Path:
    """The page of all logs."""
    return write(db, db.parent / "page.html")


@pytest.fixture
def show(browser):
    """show(PAGE, at=ADDRESS): opens a page; in the end all went well without a request."""
    shown = []

    def open(page: Path, at: str = ""):
        shown.append(page.as_uri())
        browser.get("about:blank")
        requests(browser), browser.get_log("browser")
        browser.get(f"{page.as_uri()}#{at}")
        return browser

    yield open
    assert [address.partition("#")[0] for address in requests(browser)] == shown[-1:]
    assert browser.get_log("browser") == []


def displayed(driver, selector: str) -> list[str]:
    """The texts of the elements that a reader sees."""
    return [it.text for it in driver.find_elements(By.CSS_SELECTOR, selector) if it.is_displayed()]


def names(script: int) -> list[str]:
    """The logs that do what a script says."""
    return [f"log{number:07}" for number in range(script, SCRIPTS * ALIKE, SCRIPTS)]


def test_each_group_has_one_article_and_a_row_with_the_names_of_all(show, page):
    driver = show(page)
    assert driver.find_element(By.TAG_NAME, "h1").text == "13 logs"
    assert driver.find_element(By.TAG_NAME, "h2").text == "12 of 13 logs differ, in 3 ways"
    articles = [text.split()[0] for text in displayed(driver, "article .log")]
    assert sorted(articles) == sorted(names(script)[0] for script in range(SCRIPTS))
    for script in range(SCRIPTS):
        first, *others = names(script)
        link = driver.find_element(By.LINK_TEXT, first)
        row = link.find_element(By.XPATH, "./ancestor::li")
        assert "and 3 alike" in row.text
        row.find_element(By.TAG_NAME, "summary").click()
        assert [it.text for it in row.find_elements(By.CSS_SELECTOR, ".alike li")] == others
    assert not driver.find_element(By.CSS_SELECTOR, ".agreeing .name").is_displayed()
    driver.find_element(By.CSS_SELECTOR, ".agreeing summary").click()
    assert displayed(driver, ".agreeing .name") == ["quiet"]


def test_the_filter_finds_the_group_of_a_log_for_which_another_one_stands(show, page):
    driver = show(page)
    wanted = names(1)
    box = driver.find_element(By.ID, "filter")
    box.send_keys(wanted[2])
    assert [text.split()[0] for text in displayed(driver, "article .log")] == [wanted[0]]
    [row] = displayed(driver, ".logs > li")
    assert row.startswith(wanted[0])
    every = len(displayed(driver, ".divergence > summary"))
    box.send_keys(" open_flags")
    kept = displayed(driver, ".divergence > summary")
    assert 0 < len(kept) < every
    assert all("open_flags" in text for text in kept)


def in_view(driver, element) -> bool:
    inside = "const b = arguments[0].getBoundingClientRect(); return b.top < innerHeight"
    return bool(driver.execute_script(inside, element)) and element.is_displayed()


def test_an_address_leads_to_its_divergence_and_that_of_another_log_to_its_group(show, page):
    driver = show(page)
    [own, *_] = driver.find_elements(By.CSS_SELECTOR, ".divergence")
    address = own.get_dom_attribute("id")
    driver = show(page, at=address)
    opened = driver.find_element(By.CSS_SELECTOR, ".divergence[open]")
    assert opened.get_dom_attribute("id") == address
    first, _, another, _ = names(2)
    driver = show(page, at=f"{another}/5/drive/open_flags")
    [article] = [it for it in driver.find_elements(By.TAG_NAME, "article") if first in it.text]
    WebDriverWait(driver, 10).until(lambda _: in_view(driver, article))
    assert driver.execute_script("return arguments[0].getBoundingClientRect().top", article) < 200
    driver = show(page, at="quiet/1/d/x")
    WebDriverWait(driver, 10).until(lambda _: displayed(driver, ".agreeing .name") == ["quiet"])


def copied(driver, button) -> str:
    rights = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    driver.execute_cdp_cmd("Browser.grantPermissions", rights)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    WebDriverWait(driver, 10).until(lambda _: driver.find_elements(By.CSS_SELECTOR, ".copied"))
    return driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")


@pytest.mark.parametrize(
    ("label", "begins"),
    [
        ("command", "replay diff before with after -- {}"),
        ("log", '{{"replay_log":1,"name":"{}"'),
        ("script", "replay reproduce before with after -- {}"),
    ],
)
def test_a_group_is_copied_as_its_first_log(show, page, label, begins):
    driver = show(page)
    article = driver.find_elements(By.TAG_NAME, "article")[-1]
    name = article.find_element(By.CSS_SELECTOR, ".log").text.split()[0]
    buttons = article.find_elements(By.CSS_SELECTOR, "header .copy button")
    [button] = [it for it in buttons if it.text == label]
    assert copied(driver, button).startswith(begins.format(name))


def test_a_link_to_a_patch_leads_to_the_one_place_where_all_articles_have_it(show, page):
    driver = show(page)
    links = driver.find_elements(By.CSS_SELECTOR, "article .chapter p > a")
    link = links[-1]
    driver.execute_script("arguments[0].closest('details')?.setAttribute('open', '')", link)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
    link.click()
    assert driver.find_element(By.CSS_SELECTOR, ".patches .patch[open] .diff").is_displayed()
    shown = [it.get_dom_attribute("id") for it in driver.find_elements(By.CSS_SELECTOR, ".patch")]
    assert len(shown) == len(set(shown)) > 1


def test_what_finds_no_room_has_its_headline_and_the_command_that_shows_it(
    show, db, tmp_path, monkeypatch
):
    monkeypatch.setattr(html, "PAGE_SIZE", 1)
    driver = show(write(db, tmp_path / "page.html"))
    assert len(driver.find_elements(By.TAG_NAME, "article")) == 1
    assert "details of the first 1" in driver.find_element(By.CSS_SELECTOR, "nav .remark").text
    rest = driver.find_elements(By.CSS_SELECTOR, "nav > .logs > li")[1:]
    assert len(rest) == SCRIPTS - 1
    for row in rest:
        name = row.find_element(By.CSS_SELECTOR, ".name").text
        assert "#" in row.text
        assert shlex.split(copied(driver, row.find_element(By.CSS_SELECTOR, "button")))[-1] == name
        driver.execute_script("document.querySelector('.copied').classList.remove('copied')")


def test_rows_without_room_are_counted(show, db, tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "ROOM", 1)
    monkeypatch.setattr(rows, "NAMES_ROOM", 30)
    driver = show(write(db, tmp_path / "page.html"))
    [row] = driver.find_elements(By.CSS_SELECTOR, ".logs > li")
    row.find_element(By.TAG_NAME, "summary").click()
    assert row.find_element(By.CSS_SELECTOR, ".alike").text.endswith("and 3 more")
    told = driver.find_element(By.TAG_NAME, "nav").text
    assert "9 logs found no room in this list; replay diff --all --quiet" in told
