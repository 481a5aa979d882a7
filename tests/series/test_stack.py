"""Patches go on top of each other in their order, and a conflict says who is in the way."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from replay.errors import BadInput, Conflict
from replay.series import apply, is_stack, parse_patch, read_series, read_stack
from replay.series.applies import RevisionSpan, applying, revision_spans
from tests.series.test_series import (
    SHA_A,
    SHA_B,
    SHA_C,
    diff,
    header,
    replace_line,
    write_series,
)

LINE = "From me@example.org Tue May  8 16:51:49 2012\n"


def mail(subject: str, body: str, encoding: str | None = None) -> str:
    """A mail as a mailbox has it."""
    message = EmailMessage()
    message["From"], message["Subject"] = "me@example.org", subject
    message.set_content(body, cte=encoding)
    return LINE + message.as_string() + "\n"


def subjects(word: str) -> list[str]:
    return [patch.subject for _, patch in read_stack(word)]


def test_a_mailbox_is_in_the_order_of_the_numbers_in_its_subjects(tmp_path: Path) -> None:
    box = tmp_path / "thread.mbox"
    box.write_text(
        mail("[PATCH v2 0/2] the cover", "Two changes.\n")
        + mail("[PATCH v2 2/2] second", replace_line(7, "2"), "base64")
        + mail("Re: [PATCH v2 2/2] second", "> Well.\n")
        + mail("[PATCH v2 1/2] first", replace_line(2, "1"))
    )
    assert subjects(str(box)) == ["first", "second"]
    assert [word for word, _ in read_stack(str(box))] == [f"{box}:1", f"{box}:2"]
    assert subjects(f"{box}:2") == ["second"]


@pytest.mark.parametrize("tags", [("", ""), ("[PATCH] ", "[PATCH] "), ("[1/1] ", "[1/1] ")])
def test_without_numbers_that_tell_its_mails_apart_it_is_in_their_order(
    tmp_path: Path, tags: tuple[str, str]
) -> None:
    box = tmp_path / "box"
    texts = (replace_line(7, "2"), replace_line(2, "1"))
    box.write_text("".join(mail(f"{tag}to {n}", texts[n]) for n, tag in enumerate(tags)))
    assert subjects(str(box)) == ["to 0", "to 1"]


def test_a_directory_is_in_the_order_of_its_series_or_of_its_names(tmp_path: Path) -> None:
    (tmp_path / "0000-cover-letter.patch").write_text(mail("[PATCH 0/2] cover", "Two changes.\n"))
    (tmp_path / "0001-a.patch").write_text(header(SHA_A, "a") + replace_line(2, "1"))
    (tmp_path / "0002-b.patch").write_text(header(SHA_B, "b") + replace_line(7, "1"))
    (tmp_path / "notes.txt").write_text("not a patch\n")
    assert subjects(str(tmp_path)) == ["a", "b"]
    (tmp_path / "series").write_text("0002-b.patch\n0001-a.patch # later\n")
    assert subjects(str(tmp_path)) == ["b", "a"]
    (tmp_path / "series").write_text("0002-b.patch -p0\n")
    with pytest.raises(BadInput, match="series:1: only -p1 goes on top"):
        read_stack(str(tmp_path))


def test_what_holds_no_patch_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no patch"):
        read_stack(str(tmp_path))
    box = tmp_path / "box"
    box.write_text(mail("hello", "No diff.\n") + mail("hello again", "None.\n"))
    with pytest.raises(BadInput, match="holds no patch"):
        read_stack(str(box))
    with pytest.raises(BadInput, match="box:3: there are 0 patches"):
        read_stack(f"{box}:3")


@pytest.mark.parametrize("word", ["no/such", "a\0b", "x" * 5000, "no/such:1", "here:0"])
def test_what_is_not_there_is_no_stack(word: str, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("x")
    assert is_stack(f"{tmp_path}/here:1")
    assert not is_stack(f"{tmp_path}/{word}")


# --- conflicts --------------------------------------------------------------------------


def conflict(directory: Path, depth: int, text: str) -> str:
    with pytest.raises(Conflict) as caught:
        apply(read_series(directory).trees[depth], parse_patch(text, "x.patch"))
    return caught.value.what


@pytest.fixture
def changing(tmp_path: Path) -> Path:
    """A series that changes line 5 twice, and between that line 9."""
    again = [" L4 = 4", "-L5 = 'a'", "+L5 = 'b'", " L6 = 6"]
    patches = {
        "a.patch": header(SHA_A, "first") + replace_line(5, "'a'"),
        "n.patch": header(SHA_B, "other") + replace_line(9, "'n'"),
        "b.patch": header(SHA_C, "second") + diff("block.py", 4, again),
    }
    return write_series(tmp_path / "p", patches)


def test_a_conflict_names_the_patch_whose_line_is_in_the_way(changing: Path) -> None:
    assert conflict(changing, 1, replace_line(5, "0")).endswith(
        "expects 'L5 = 5', there is \"L5 = 'a'\", which 3a389e79 (first) put in its place"
    )


def test_a_conflict_names_who_took_the_line_away_and_who_put_another_there(
    changing: Path,
) -> None:
    assert conflict(changing, 3, replace_line(5, "0")).endswith(
        "which 7e3d98dd (second) put there; 3a389e79 (first) took away what it expects"
    )


def test_a_line_of_base_is_in_nobodys_name(changing: Path) -> None:
    lines = [" L4 = 4", "-other", "+X = 1", " L6 = 6"]
    assert conflict(changing, 0, diff("block.py", 4, lines)).endswith("there is 'L5 = 5'")


def test_the_revisions_at_which_patches_apply_are_spans(changing: Path) -> None:
    series = read_series(changing)
    lines = [" L4 = 4", "-L5 = 'a'", "+L5 = 'c'", " L6 = 6"]
    patch = parse_patch(diff("block.py", 4, lines), "x.patch")
    before, applies, after = revision_spans(series, [patch])
    assert (before.first, before.last, applies) == (0, 0, RevisionSpan(1, 2, ""))
    assert before.conflict.endswith("there is 'L5 = 5'")
    assert (after.first, after.last) == (3, 3)
    assert after.conflict.endswith("which 7e3d98dd (second) put in its place")
    assert applying(series, (before, applies, after)) == "3a389e79 to 3a389e7b"


def test_patches_that_apply_nowhere_together_are_one_span(changing: Path) -> None:
    series = read_series(changing)
    patch = parse_patch(replace_line(2, "0"), "x.patch")
    (span,) = revision_spans(series, [patch, patch])
    assert (span.first, span.count, bool(span.conflict)) == (0, 4, True)
    assert applying(series, [span]) == ""
    assert [s.conflict for s in revision_spans(series, [patch])] == [""]


def test_a_patch_is_known_by_what_it_changes_wherever_it_stands() -> None:
    def known(*lines: str, at: int = 4) -> str:
        return parse_patch(diff("block.py", at, list(lines)), "x.patch").id

    one = known(" L4 = 4", "-L5 = 5", "+L5 = 0", " L6 = 6")
    assert known(" L8 = 8", "-L5 = 5", "+L5 = 0", " L9 = 9", at=8) == one
    assert known(" L4 = 4", "-L5 = 5", "+L5 = 1", " L6 = 6") != one
    assert known(" L4 = 4", "+L5 = 0", " L6 = 6") != one


def test_a_directory_of_more_patches_than_a_series_has_is_refused(tmp_path: Path) -> None:
    for number in range(1001):
        (tmp_path / f"{number:04}.patch").write_text(replace_line(5, "'a'"))
    with pytest.raises(BadInput, match="holds more than 1000 patches"):
        read_stack(str(tmp_path))


@pytest.mark.parametrize("name", ["a.patch", "series"])
def test_a_link_out_of_a_directory_of_patches_is_refused(tmp_path: Path, name: str) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "mine"
    outside.write_text(replace_line(5, "'a'"))
    inside.mkdir()
    (inside / name).symlink_to(outside)
    with pytest.raises(BadInput, match="leads out of its directory"):
        read_stack(str(inside))
