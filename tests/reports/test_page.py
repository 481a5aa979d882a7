"""Pages: what is wrapped, where lines go on, how rows stand in columns."""

from collections.abc import Iterable

from replay.reports.text.page import Piece, cells, columns, line, listing, page


def laid(pieces: Iterable[str | Piece], width: int) -> list[str]:
    return [text for _, text in page(pieces).laid(width)]


def test_a_line_that_is_too_long_goes_on_further_in():
    assert laid(["  what it is about"], 12) == ["  what it is", "      about"]


def test_a_word_is_never_broken():
    assert laid(["x" * 99], 40) == ["x" * 99]
    assert laid(["  " + "x" * 99 + " y"], 40) == ["  " + "x" * 99, "      y"]


def test_spaces_within_a_line_stay():
    assert laid(["    a  =  1"], 40) == ["    a  =  1"]


def test_wide_letters_take_two_columns_and_marks_on_letters_none():
    assert laid(["漢字 漢字 漢字 漢字"], 10) == ["漢字 漢字", "    漢字", "    漢字"]
    assert cells("e\u0301") == 1


def test_a_row_that_is_too_long_goes_on_below_its_wrapped_column():
    rows = [("a", "what it is about and more")]
    assert laid(columns(rows, "<~"), 19) == ["a  what it is about", "   and more"]
    assert laid(columns([("a", "x" * 30, "1")], "<~>"), 10) == ["a  " + "x" * 30 + "  1"]


def test_numbers_stand_right_and_wide_letters_are_aligned():
    rows = [("tree", "logs"), ("漢", "12"), ("b", "")]
    assert laid(columns(rows, "<>"), 80) == ["tree  logs", "漢      12", "b"]


def test_a_wrapped_column_takes_the_room_that_others_leave():
    rows = [("a", "b", "1")]
    assert laid(columns(rows, "<~>"), 30) == ["a  b" + " " * 25 + "1"]


def test_only_the_first_row_is_a_heading():
    roles = [role for role, _ in page(columns([("a",), ("b",)], "<", head=True)).laid(80)]
    assert roles == ["heading", ""]


def test_a_listing_is_wrapped_on_a_terminal_and_never_in_a_file():
    long = "word " * 40
    assert (
        str(listing([long, *columns([("a", long)], "<~")]))
        == f"{long.rstrip()}\na  {long.rstrip()}\n"
    )
    assert len(list(listing([line(long)]).laid(80))) > 1
