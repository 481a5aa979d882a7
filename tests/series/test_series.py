"""The series is read as quilt reads it, parsed strictly and applied without fuzz."""

import base64
import quopri
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.errors import ReplayError
from replay.files import read_text
from replay.series import (
    Series,
    Tree,
    apply,
    find_patch,
    offsets,
    open_series,
    parse_patch,
    parse_revision,
    read_series,
    source_file,
)
from replay.series.load import FILES_LIMIT, PATCHES_LIMIT

BASE = "".join(f"L{number} = {number}\n" for number in range(1, 13))
SHA_A, SHA_B, SHA_C = "3a389e79" + "a" * 32, "3a389e7b" + "b" * 32, "7e3d98dd" + "c" * 32
COMMITTED = Path(__file__).parents[2] / "patches"


def header(sha: str, subject: str = "a change", body: str = "Why.") -> str:
    return (
        f"From {sha} Mon Sep 17 00:00:00 2001\nDate: Tue, 8 May 2012 16:51:49 +0200\n"
        f"Subject: {subject}\n\n{body}\n---\n"
    )


def diff(path: str, start: int, lines: Sequence[str]) -> str:
    """A unified diff of one hunk whose counts are right."""
    old = sum(not line.startswith("+") for line in lines)
    new = sum(not line.startswith("-") for line in lines)
    body = "".join(f"{line}\n" for line in lines)
    return f"--- a/{path}\n+++ b/{path}\n@@ -{start},{old} +{start},{new} @@\n{body}"


def replace_line(number: int, value: str) -> str:
    """A diff that gives L<number> of BASE another value."""
    lines = [f" L{number - 1} = {number - 1}", f"-L{number} = {number}", f"+L{number} = {value}"]
    return diff("block.py", number - 1, [*lines, f" L{number + 1} = {number + 1}"])


def write_series(
    directory: Path, patches: dict[str, str], series: str | None = None, base: str = BASE
) -> Path:
    (directory / "base").mkdir(parents=True)
    (directory / "base" / "block.py").write_text(base)
    for name, text in patches.items():
        (directory / name).write_text(text)
    (directory / "series").write_text(
        "".join(f"{n}\n" for n in patches) if series is None else series
    )
    return directory


def three(directory: Path) -> Series:
    """A series of three patches; the last is a group."""
    return read_series(
        write_series(
            directory,
            {
                "01.patch": header(SHA_A, "one") + replace_line(2, "'a'"),
                "02.patch": header(SHA_B, "two") + replace_line(5, "'b'"),
                "03.patch": header(SHA_C, "three", "Commits: 1111111aaa\n 2222222bbb\n\nWhy.")
                + replace_line(8, "'c'"),
            },
        )
    )


def tree(text: str) -> Tree:
    return Tree((source_file("block.py", text),))


def refusal(text: str, on: Tree | None = None) -> str:
    """The message with which a patch file called x.patch is refused."""
    with pytest.raises(ReplayError) as caught:
        apply(on or tree(BASE), parse_patch(text, "x.patch"))
    return str(caught.value)


def test_an_open_series_applies_only_what_is_asked_for(tmp_path: Path) -> None:
    patches = {
        "01.patch": header(SHA_A) + replace_line(2, "'a'"),
        "02.patch": header(SHA_B) + "no diff\n",
    }
    series = open_series(write_series(tmp_path / "p", patches))
    assert "L2 = 'a'\n" in series.tree(1).files[0].text
    with pytest.raises(ReplayError, match=r"02\.patch: holds no unified diff"):
        series.tree(2)


# --- the series file --------------------------------------------------------------------


def test_comments_blank_lines_and_strip_levels_are_read_as_quilt_does(tmp_path: Path) -> None:
    at_p0 = replace_line(2, "'a'").replace("a/block", "block").replace("b/block", "block")
    patches = {
        "01.patch": header(SHA_A) + at_p0,
        "02.patch": header(SHA_B) + replace_line(5, "'b'"),
    }
    text = "# a comment\n\n  01.patch -p0   # more\n02.patch -p1\n#03.patch\n"
    series = read_series(write_series(tmp_path / "p", patches, text))
    assert [patch.name for patch in series.patches] == ["01.patch", "02.patch"]
    assert "L2 = 'a'\n" in series.trees[2].files[0].text
    assert "L5 = 'b'\n" in series.trees[2].files[0].text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("01.patch -R\n", "series:1: the option -R is not supported"),
        ("\n01.patch\n01.patch\n", "series:3: names 01.patch twice"),
        ("02.patch\n", "series:1: names 02.patch, which is not there"),
        ("../01.patch\n", "series:1: ../01.patch is not below"),
        ("/etc/passwd\n", "series:1: /etc/passwd is not below"),
    ],
)
def test_a_bad_entry_is_refused_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    write_series(tmp_path / "p", {"01.patch": header(SHA_A) + replace_line(2, "1")}, text)
    with pytest.raises(ReplayError, match="series:") as caught:
        read_series(tmp_path / "p")
    assert reason in str(caught.value)


def test_a_patch_of_the_series_names_its_commit(tmp_path: Path) -> None:
    patch = three(tmp_path / "p").patches[2]
    assert (patch.sha, patch.subject) == (SHA_C, "three")
    assert patch.date == "Tue, 8 May 2012 16:51:49 +0200"
    assert patch.commits == ("1111111aaa", "2222222bbb")
    assert patch.description.endswith("Why.")


def test_a_patch_without_a_header_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "p", {"01.patch": replace_line(2, "1")})
    with pytest.raises(ReplayError, match=r"01\.patch:1: has no complete header"):
        read_series(tmp_path / "p")


def test_one_commit_stands_in_the_series_once(tmp_path: Path) -> None:
    patches = {
        "01.patch": header(SHA_A) + replace_line(2, "1"),
        "02.patch": header(SHA_A) + replace_line(5, "1"),
    }
    with pytest.raises(ReplayError, match=r"02\.patch: commit 3a389e79a+ stands in 01\.patch too"):
        read_series(write_series(tmp_path / "p", patches))


def test_a_series_whose_prefix_does_not_apply_is_not_read(tmp_path: Path) -> None:
    patches = {
        "01.patch": header(SHA_A) + replace_line(2, "'a'"),
        "02.patch": header(SHA_B) + replace_line(2, "'b'"),
    }
    with pytest.raises(
        ReplayError, match=r"02\.patch:9: .* expects 'L2 = 2', there is \"L2 = 'a'\""
    ):
        read_series(write_series(tmp_path / "p", patches))


def test_an_empty_series_is_base(tmp_path: Path) -> None:
    series = read_series(write_series(tmp_path / "p", {}))
    assert series.patches == ()
    assert series.base.files[0].text == BASE


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"A = 1\n\0", "is binary"),
        (b"A = 1\nB = '\xff'\n", r"x\.py:2: is not UTF-8"),
        (b"A = 1\r\n", "has carriage returns"),
        (b"#" * ((1 << 20) + 1), "is larger than 1024 KiB"),
    ],
)
def test_a_base_file_that_is_no_source_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    write_series(tmp_path / "p", {})
    (tmp_path / "p" / "base" / "x.py").write_bytes(data)
    with pytest.raises(ReplayError, match=reason):
        read_series(tmp_path / "p")


def test_base_holds_regular_python_files_only(tmp_path: Path) -> None:
    base = write_series(tmp_path / "p", {}) / "base"
    (base / ".pc").mkdir()
    (base / ".pc" / "anything").write_text("quilt's own")
    read_series(tmp_path / "p")
    (base / "x.py").symlink_to("/etc/hosts")
    with pytest.raises(ReplayError, match=r"x\.py: base holds \.py files only"):
        read_series(tmp_path / "p")


def test_a_base_with_nothing_in_it_is_refused(tmp_path: Path) -> None:
    base = write_series(tmp_path / "p", {}) / "base"
    for path in base.iterdir():
        path.unlink()
    with pytest.raises(ReplayError, match=r"base: holds no \.py file"):
        read_series(tmp_path / "p")
    base.rmdir()
    with pytest.raises(ReplayError, match="no directory base"):
        read_series(tmp_path / "p")


def test_a_model_of_too_many_files_is_refused(tmp_path: Path) -> None:
    base = write_series(tmp_path / "p", {}) / "base"
    for number in range(FILES_LIMIT):
        (base / f"x{number}.py").write_text("A = 1\n")
    with pytest.raises(ReplayError, match=f"holds more than {FILES_LIMIT} files"):
        read_series(tmp_path / "p")


def test_a_series_of_too_many_patches_is_refused(tmp_path: Path) -> None:
    patch = header(SHA_A) + replace_line(2, "1")
    names = [f"{number}.patch" for number in range(PATCHES_LIMIT + 1)]
    write_series(tmp_path / "p", dict.fromkeys(names, patch))
    with pytest.raises(ReplayError, match=f"names more than {PATCHES_LIMIT} patches"):
        read_series(tmp_path / "p")


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 300])
def test_a_patch_file_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReplayError, match="no such file"):
        read_text(tmp_path / name)


def test_base_with_pushed_patches_is_refused(tmp_path: Path) -> None:
    base = write_series(tmp_path / "p", {}) / "base"
    (base / ".pc").mkdir()
    (base / ".pc" / "applied-patches").write_text("01.patch\n")
    with pytest.raises(ReplayError, match="quilt pop -a"):
        read_series(tmp_path / "p")


# --- the diff ---------------------------------------------------------------------------


def test_every_line_knows_the_patch_that_put_it_there(tmp_path: Path) -> None:
    series = three(tmp_path / "p")
    extra = parse_patch(diff("block.py", 1, ["+L0 = 0", " L1 = 1"]), "extra.patch")
    result = apply(series.trees[3], extra)
    behind = {line.text: line.patch for line in result.files[0].lines}
    assert behind["L0 = 0"] == 3
    assert result.patches[3] is extra
    assert [behind["L2 = 'a'"], behind["L5 = 'b'"], behind["L8 = 'c'"]] == [0, 1, 2]
    assert behind["L1 = 1"] is None


@pytest.mark.parametrize("change", [(",4 +", ",5 +"), (",4 +", ",3 +"), (",4 @", ",3 @")])
def test_a_hunk_whose_counts_are_wrong_is_refused(change: tuple[str, str]) -> None:
    lines = [" L1 = 1", "-L2 = 2", "+L2 = 0", " L3 = 3", " L4 = 4"]
    text = diff("block.py", 1, lines)
    assert apply(tree(BASE), parse_patch(text, "x.patch"))
    assert refusal(text.replace(*change)).startswith(
        "x.patch:3: a hunk that is cut off or too long"
    )


def test_a_signature_after_the_last_hunk_is_no_part_of_it() -> None:
    patch = parse_patch(replace_line(2, "0") + "-- \n2.39.5\n\n", "x.patch")
    assert "L2 = 0\n" in apply(tree(BASE), patch).files[0].text


def test_files_come_and_go() -> None:
    created = parse_patch(
        "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+A = 1\n+B = 2\n", "c.patch"
    )
    with_new = apply(tree(BASE), created)
    assert [file.name for file in with_new.files] == ["block.py", "new.py"]
    assert with_new.files[1].text == "A = 1\nB = 2\n"
    deleted = parse_patch(
        "--- a/new.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-A = 1\n-B = 2\n", "d.patch"
    )
    assert apply(with_new, deleted).files == tree(BASE).files
    with pytest.raises(ReplayError, match=r"c\.patch:1: creates new\.py, which is there"):
        apply(with_new, created)
    with pytest.raises(
        ReplayError, match=r"d\.patch:1: there is no file new\.py; the tree has block"
    ):
        apply(tree(BASE), deleted)


def test_a_deletion_that_leaves_lines_is_refused() -> None:
    text = "--- a/block.py\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-L1 = 1\n"
    assert "deletes block.py, but lines of it are left" in refusal(text)


def test_a_file_may_end_without_a_newline() -> None:
    text = "--- a/block.py\n+++ b/block.py\n@@ -1 +1 @@\n-A = 1\n+A = 2\n"
    text += "\\ No newline at end of file\n"
    without = apply(tree("A = 1\n"), parse_patch(text, "x.patch"))
    assert without.files[0].text == "A = 2"
    assert "newline at the end" in refusal(
        text.replace("A = 2", "A = 3").replace("A = 1", "A = 2"), without
    )


def test_a_newline_cannot_vanish_inside_a_file() -> None:
    text = replace_line(2, "0").replace("+L2 = 0\n", "+L2 = 0\n\\ No newline at end of file\n")
    assert "leaves a line of block.py without its newline" in refusal(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("diff --git a/block.py b/x.py\nsimilarity index 100%\nrename from block.py\n", "a rename"),
        ("diff --git a/block.py b/x.py\ncopy from block.py\ncopy to x.py\n", "a copy"),
        ("diff --git a/block.py b/block.py\nold mode 100644\nnew mode 100755\n", "change of mode"),
        ("diff --git a/x.png b/x.png\nGIT binary patch\n", "a binary patch"),
        ("diff --cc block.py\n", "a merge"),
        ("diff --git a/x.py b/x.py\nnew file mode 100644\n", "without a hunk"),
        ("--- a/block.py\n+++ b/other.py\n@@ -1 +1 @@\n-a\n+b\n", "a rename"),
        ("--- a/block.py\n+++ b/block.py\n@@ x @@\n", "not a hunk's header"),
        ("--- a/block.py\n+++ b/block.py\n", "without a hunk"),
        ("--- a/block.py\n+++ b/block.py\n@@ -3,0 +4 @@\n+X = 1\n", "a hunk without context"),
        (replace_line(5, "0") + "@@ -1 +1 @@\n-L1 = 1\n+L1 = 0\n", "out of order"),
        (replace_line(5, "0") + replace_line(8, "0"), "changes block.py twice"),
        ("just words\n", "holds no unified diff"),
    ],
)
def test_what_is_no_plain_diff_is_refused_with_a_reason(text: str, reason: str) -> None:
    assert reason in refusal(text)


@pytest.mark.parametrize(
    "path", ["/etc/x.py", "../x.py", "a/../../x.py", "x.txt", ".x.py", 'a"b.py', "x.py/../y.py"]
)
def test_a_path_outside_base_is_refused(path: str) -> None:
    text = f"--- /dev/null\n+++ {path if path[0] == '/' else 'b/' + path}\n@@ -0,0 +1 @@\n+A = 1\n"
    assert "is no path of a model file" in refusal(text)


def test_a_patch_that_leaves_a_file_empty_is_refused() -> None:
    text = "--- a/block.py\n+++ b/block.py\n@@ -1 +0,0 @@\n-A = 1\n"
    assert "leaves block.py empty" in refusal(text, tree("A = 1\n"))


# --- moves ------------------------------------------------------------------------------


def test_a_hunk_moves_to_the_only_place_where_it_fits() -> None:
    patch = parse_patch(replace_line(5, "0"), "x.patch")
    moved = tree("N1 = 1\nN2 = 2\n" + BASE)
    assert offsets(tree(BASE), patch) == (0,)
    assert offsets(moved, patch) == (2,)
    assert apply(moved, patch).files[0].text == "N1 = 1\nN2 = 2\n" + BASE.replace(
        "L5 = 5", "L5 = 0"
    )


def test_a_hunk_that_fits_at_two_other_places_is_a_conflict() -> None:
    message = refusal(replace_line(5, "0"), tree("N = 0\n" + BASE + BASE))
    assert message == (
        "x.patch:3: the hunk for block.py does not fit at line 4 but at lines 5, 17;"
        " make the patch again against the tree that it goes on"
    )


def test_a_hunk_that_fits_nowhere_tells_what_it_expected_and_what_is_there() -> None:
    message = refusal(replace_line(5, "0"), tree(BASE.replace("L5 = 5", "L5 = 7")))
    assert message == (
        "x.patch:3: the hunk for block.py fits nowhere: at line 5 it expects 'L5 = 5',"
        " there is 'L5 = 7'; make the patch again against the tree that it goes on"
    )
    assert "there is the end of the file" in refusal(replace_line(5, "0"), tree("L4 = 4\n"))


def test_hunks_do_not_pass_each_other() -> None:
    text = replace_line(3, "0") + replace_line(8, "0").split("\n", 2)[2]
    blocks = BASE.splitlines(keepends=True)
    message = refusal(text, tree("".join(blocks[6:] + blocks[:6])))
    assert "fits only before or inside the one ahead of it" in message


LINES = st.lists(st.sampled_from(["a = 1", "b = 2", "", "    c"]), min_size=1, max_size=14)


def git_diff(old: str, new: str) -> str:
    """The diff that git makes of two texts, as one of block.py."""
    with tempfile.TemporaryDirectory() as directory:
        for name, text in (("a", old), ("b", new)):
            (Path(directory) / name).mkdir()
            (Path(directory) / name / "block.py").write_text(text)
        command = ["git", "diff", "--no-index", "--no-prefix", "a/block.py", "b/block.py"]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        return done.stdout


@settings(max_examples=60, deadline=None)
@given(old=LINES, new=LINES, ended=st.tuples(st.booleans(), st.booleans()))
def test_what_git_diffs_is_what_apply_restores(
    old: list[str], new: list[str], ended: tuple[bool, bool]
) -> None:
    before = "\n".join([*old, "end"]) + "\n" * ended[0]
    after = "\n".join([*new, "end"]) + "\n" * ended[1]
    if before != after:
        patch = parse_patch(git_diff(before, after), "x.patch")
        assert apply(tree(before), patch).files[0].text == after
        assert set(offsets(tree(before), patch)) == {0}


@settings(max_examples=200, deadline=None)
@given(context=LINES, above=LINES, below=LINES)
def test_a_moved_hunk_applies_if_and_only_if_its_place_is_unique(
    context: list[str], above: list[str], below: list[str]
) -> None:
    lines = [f" {line}" for line in context]
    patch = parse_patch(diff("block.py", 1, [*lines, "+new = 1"]), "x.patch")
    target = [*above, *context, *below]
    width = len(context)
    places = [at for at in range(len(target)) if target[at : at + width] == context]
    on = tree("".join(f"{line}\n" for line in target))
    if 0 in places or len(places) == 1:
        place = 0 if 0 in places else places[0]
        result = [line.text for line in apply(on, patch).files[0].lines]
        assert result == [*target[: place + width], "new = 1", *target[place + width :]]
        assert offsets(on, patch) == (place,)
    else:
        with pytest.raises(ReplayError, match="does not fit at line 1 but at lines"):
            apply(on, patch)


# --- forms of a patch -------------------------------------------------------------------


@pytest.fixture
def format_patch(tmp_path: Path) -> str:
    """Real git's format-patch output for a change of BASE, with words beyond ASCII."""
    repository = tmp_path / "repository"
    repository.mkdir()

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=Ünal", "-c", "user.email=u@example.org"]
        command = ["git", *identity, *arguments]
        return subprocess.run(
            command, cwd=repository, check=True, capture_output=True, text=True
        ).stdout

    git("init", "--quiet")
    (repository / "block.py").write_text(BASE)
    git("add", "block.py")
    git("commit", "--quiet", "-m", "base")
    (repository / "block.py").write_text(BASE.replace("L5 = 5", "L5 = 'ü=1'"))
    git("commit", "--quiet", "-am", "block: größer\n\nBecause.")
    return git("format-patch", "--stdout", "-1")


def mail(text: str, encoding: str) -> str:
    """A patch mail as a mail program saves it: encoded, lines ending in CRLF."""
    start, _, body = text.partition("\n\n")
    kept = [line for line in start.split("\n") if not line.startswith("Content-")]
    data = body.encode()
    encoded = (
        quopri.encodestring(data) if encoding == "quoted-printable" else base64.encodebytes(data)
    )
    kept += ["Content-Type: text/plain; charset=UTF-8", f"Content-Transfer-Encoding: {encoding}"]
    return ("\n".join(kept) + "\n\n" + encoded.decode()).replace("\n", "\r\n")


def test_format_patch_output_is_read(format_patch: str) -> None:
    patch = parse_patch(format_patch, "0001.patch")
    assert patch.subject == "block: größer"
    assert patch.description == "Because."
    assert len(patch.sha) == 40
    assert "L5 = 'ü=1'\n" in apply(tree(BASE), patch).files[0].text


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64"])
def test_an_encoded_mail_says_the_same_as_the_patch_it_carries(
    format_patch: str, encoding: str
) -> None:
    encoded = mail(format_patch, encoding)
    assert "L5 = 'ü=1'" not in encoded
    plain, mailed = (parse_patch(text, "x.patch") for text in (format_patch, encoded))
    assert apply(tree(BASE), mailed).files == apply(tree(BASE), plain).files
    assert (mailed.subject, mailed.description) == (plain.subject, plain.description)


@pytest.mark.parametrize("charset", ["unicode_escape", "no-such", "hex"])
def test_a_mail_in_a_charset_that_gives_no_text_is_refused(charset: str) -> None:
    text = mail(header(SHA_A) + replace_line(5, r"'\ud800'"), "base64")
    message = refusal(text.replace("UTF-8", charset))
    assert message.startswith("x.patch: the mail's text cannot be decoded")


def test_a_file_of_two_mails_is_refused(format_patch: str) -> None:
    assert "holds more than one mail" in refusal(format_patch + format_patch)


def test_a_bare_diff_may_have_any_leading_directory_and_time_stamps(tmp_path: Path) -> None:
    text = replace_line(5, "0").replace(
        "a/block.py", "base.orig/block.py\t2012-05-08 16:51:49 +0200"
    )
    path = tmp_path / "bare.patch"
    path.write_text("Some words first.\n\nIndex: base/block.py\n=====\n" + text)
    patch = parse_patch(path.read_text(), str(path))
    assert (patch.name, patch.sha, patch.date) == (str(path), "", "")
    assert "L5 = 0\n" in apply(tree(BASE), patch).files[0].text


SEED = mail(
    header(SHA_A, "=?UTF-8?q?gr=C3=B6=C3=9Fer?=") + replace_line(5, "'ü=1'") + "-- \n2.39\n",
    "quoted-printable",
)
PIECES = [
    "=?x?q?=FF?=",
    "=?UTF-8?b?/?=",
    "charset=x",
    "base64",
    "multipart/mixed; boundary=b",
    "--b",
]
PIECES += ["@@ -1 +1 @@\n", "\\ x\n", "--- a\n+++ b\n", "\n", "+", "\r", "\0", "=", "É"]


@settings(max_examples=300, deadline=None)
@given(
    seed=st.sampled_from([SEED, header(SHA_A) + replace_line(5, "0")]),
    cuts=st.lists(
        st.tuples(st.integers(0, 700), st.integers(0, 9), st.sampled_from(PIECES)), max_size=4
    ),
)
def test_a_damaged_patch_is_read_or_refused_and_nothing_else(
    seed: str, cuts: list[tuple[int, int, str]]
) -> None:
    for at, width, piece in cuts:
        seed = seed[:at] + piece + seed[at + width :]
    try:
        apply(tree(BASE), parse_patch(seed, "x.patch"))
    except ReplayError as error:
        assert error.where.startswith("x.patch")


# --- revisions --------------------------------------------------------------------------


def test_revisions_are_written_as_in_git(tmp_path: Path) -> None:
    series = three(tmp_path / "p")
    expected = {"base": 0, "3a389e79": 1, "3a389e79^": 0, "3A389E7B~": 1, SHA_C: 3, "7e3d98d~2": 1}
    expected |= {"7e3d98dd^^": 1, "7e3d98dd^~2": 0}
    assert {text: parse_revision(series, text) for text in expected} == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "3a389e7",
            "3a389e7 is ambiguous; write more digits of one of 3a389e79 (one), 3a389e7b (two)",
        ),
        ("7e3d98de", "unknown revision 7e3d98de; nearest: 7e3d98dd (03, 3 commits)"),
        ("3a389e", "'3a389e' is no sha of 7 to 40 digits"),
        (
            "1111111aa",
            "commit 1111111aa is inside the group 7e3d98dd (03, 3 commits); use 7e3d98dd, the tree",
        ),
        ("2222222bbbcc^", "commit 2222222bbbcc is inside the group 7e3d98dd (03, 3 commits)"),
        ("3a389e79^^", "3a389e79^^ lies before base; base is 1 later"),
        ("^", "'^' is no revision"),
    ],
)
def test_a_revision_that_is_not_there_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(ReplayError) as caught:
        parse_revision(three(tmp_path / "p"), text)
    assert str(caught.value).startswith(reason)


def test_a_patch_is_found_by_any_prefix_of_its_sha(tmp_path: Path) -> None:
    series = three(tmp_path / "p")
    assert {find_patch(series, SHA_B[:length]) for length in range(8, 41)} == {1}


# --- the committed series ---------------------------------------------------------------


@pytest.mark.skipif(not (COMMITTED / "series").exists(), reason="no series is committed yet")
def test_the_committed_series_applies_at_offset_zero() -> None:
    series = read_series(COMMITTED)
    moved = {
        patch.name: offsets(tree, patch)
        for tree, patch in zip(series.trees, series.patches, strict=False)
        if any(offsets(tree, patch))
    }
    assert moved == {}


def test_a_conflict_is_told_where_the_hunk_fits_best():
    tree = Tree((source_file("a.py", "one\n\nold\nkept\nlast\n"),))
    text = "--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n other\n-kept\n+new\n last\n"
    with pytest.raises(ReplayError, match="at line 3 it expects 'other', there is 'old'"):
        apply(tree, parse_patch(text, "x.patch"))
