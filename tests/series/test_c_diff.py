"""Which functions a C patch changes is read off its hunks, whatever stands around them."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replay.errors import BadInput
from replay.series import parse_c_patch

HEAD = "--- a/src/tank.c\n+++ b/src/tank.c\n"


def names(text: str) -> list[tuple[str, ...]]:
    """The names of each hunk."""
    return [hunk.names for hunk in parse_c_patch(HEAD + text, "p").hunks]


@pytest.mark.parametrize(
    ("hunk", "found"),
    [
        ("@@ -5,2 +5,3 @@ int fill(Tank *t)\n     a();\n+    b();\n     c();\n", ("fill",)),
        ("@@ -5,2 +5,3 @@\n     a();\n+    b();\n     c();\n", ("",)),
        (
            "@@ -5,4 +5,5 @@ int fill(Tank *t)\n     a();\n }\n \n+#define N 1\n /* x */\n",
            ("",),
        ),
        (
            "@@ -5,5 +5,6 @@ int fill(Tank *t)\n }\n \n static void coroutine_fn drain(Tank *t,\n"
            "                               int n)\n {\n+    b();\n",
            ("drain",),
        ),
        (
            "@@ -5,3 +5,3 @@ x\n-int fill(Tank *t)\n+int fill_up(Tank *t)\n {\n     a();\n",
            ("fill", "fill_up"),
        ),
        ("@@ -1,2 +1,3 @@\n struct Tank {\n+    int level;\n     int size;\n", ("Tank",)),
        (
            "@@ -9,3 +9,4 @@ int fill(Tank *t)\n     a();\n out:\n+    b();\n     return 0;\n",
            ("fill",),
        ),
        (
            "@@ -9,3 +9,4 @@\n int fill(Tank *t);\n+int drain(Tank *t);\n \n static int n;\n",
            ("drain",),
        ),
        (
            "@@ -9,3 +9,4 @@\n int fill(Tank *t,\n          int n);\n+static int count;\n \n",
            ("",),
        ),
        ("@@ -1 +0,0 @@\n-int fill(void) { return 0; }\n", ("fill",)),
        ("@@ -5,2 +5,3 @@ int fill(Tank *t)\n     a();\n+\n     c();\n", ()),
        (
            "@@ -5,2 +5,3 @@\n static Ops ops = {\n+    .fill = fill(1),\n     .n = 1,\n",
            ("",),
        ),
    ],
)
def test_the_definition_around_a_change_is_named(hunk, found):
    assert names(hunk) == [found]


def test_a_mail_has_a_subject_and_a_signature():
    body = "@@ -5,2 +5,3 @@ int fill(Tank *t)\n     a();\n+    b();\n     c();\n-- \n2.39.0\n"
    mail = (
        "From 1234567890123456789012345678901234567890 Mon Sep 17 00:00:00 2001\n"
        "From: A <a@example.org>\nSubject: [PATCH v2] tank: fill\n\nWhy.\n---\n"
    )
    patch = parse_c_patch(mail + HEAD + body, "p")
    assert patch.subject == "tank: fill"
    assert [hunk.names for hunk in patch.hunks] == [("fill",)]


def test_files_are_told_apart_and_one_that_goes_keeps_its_name():
    text = (
        "--- a/x.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-int x(void) { return 0; }\n"
        "--- /dev/null\n+++ b/y.c\n@@ -0,0 +1 @@\n+int y(void) { return 0; }\n"
    )
    hunks = parse_c_patch(text, "p").hunks
    assert [(hunk.file, hunk.names) for hunk in hunks] == [("x.c", ("x",)), ("y.c", ("y",))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no unified diff"),
        ("hello\n", "holds no unified diff"),
        (HEAD + "@@ -1,3 +1,3 @@\n a\n", "p:3: a hunk that is cut off or too long"),
        (HEAD + "@@ -1 +1 @@\nx\n", "cut off"),
    ],
)
def test_what_is_no_patch_is_refused_with_its_place(text, message):
    with pytest.raises(BadInput, match=message):
        parse_c_patch(text, "p")


@settings(deadline=None)
@given(st.text(st.sampled_from("@-+ ,1{}();intx\n\t\"'\\#*="), max_size=300))
def test_no_text_breaks_the_reader(text):
    try:
        patch = parse_c_patch(HEAD + "@@ -1,2 +1,2 @@ int f(void)\n" + text, "p")
    except BadInput:
        return
    assert patch.hunks


def test_git_and_the_reader_agree_on_a_real_commit(tmp_path, need):
    need("git", "git")
    source = "".join(f"int f{n}(int a)\n{{\n    a += {n};\n    return a;\n}}\n\n" for n in range(9))

    def git(*words):
        names = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", "-C", str(tmp_path), *names, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    git("init", "-q")
    (tmp_path / "f.c").write_text(source)
    git("add", "f.c")
    git("commit", "-qm", "one")
    changed = source.replace("a += 2", "a += 20").replace("a += 7", "a -= 7")
    (tmp_path / "f.c").write_text(changed.replace("int f4(", "long f4("))
    for context in ("-U0", "-U3", "-W"):
        patch = parse_c_patch(git("diff", context), "p")
        assert {name for hunk in patch.hunks for name in hunk.names} == {"f2", "f4", "f7"}


def test_a_patch_of_a_million_lines_is_refused():
    with pytest.raises(BadInput, match="more than 1000000 lines"):
        parse_c_patch("--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n" + "\n" * 1_000_000, "x.patch")
