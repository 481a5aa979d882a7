"""Subjects, patches and checks that are large, deep or odd: each is read in seconds, or refused.

    python -m tests.trust.strange_subjects [WORD...]

prints how those end whose name has one of the words, how long they take and how much memory.
"""

# A case is a line.
# ruff: noqa: E501

import multiprocessing
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from replay.analysis.checks import load_checks
from replay.errors import ReplayError
from replay.variants.alphabet import read_alphabet
from replay.variants.variant import load_subject, resolve

TOY = Path(__file__).parents[1] / "toy"
SECONDS = 10
MEMORY = 1 << 30

Case = Callable[[Path], object]


def written(place: Path, files: Mapping[str, str | bytes]) -> Path:
    """A copy of the toy with these files in it."""
    subject = Path(shutil.copytree(TOY, place / "toy"))
    for name, content in files.items():
        raw = content.encode(errors="surrogatepass") if isinstance(content, str) else content
        path = subject / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return subject


def subject(**files: str | bytes) -> Case:
    """A copy of the toy is loaded, with files whose names have __ for / and _dot_ for the dot."""
    names = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
    return lambda place: resolve(load_subject(written(place, names)), "before", {})


def base(text: str | bytes) -> Case:
    """Another file of the model."""
    return subject(base__extra_dot_py=text)


def big_files(count: int, constants: int) -> Case:
    """Many large files of the model."""
    lines = {
        f"base/big{n}.py": "".join(f"C{n}_{i} = {i}\n" for i in range(constants))
        for n in range(count)
    }
    return lambda place: load_subject(written(place, lines))


def config(more: str) -> Case:
    """More at the end of subject.toml."""
    return subject(subject_dot_toml=(TOY / "subject.toml").read_text() + "\n" + more)


def patch(text: str | bytes, more: Mapping[str, str] | None = None) -> Case:
    """A patch file is put on top."""

    def apply(place: Path) -> None:
        file = place / "odd.patch"
        file.write_bytes(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
        chosen = written(place, more) if more else TOY
        resolve(load_subject(chosen), f"before+{file}", {})

    return apply


def variant(expression: str) -> Case:
    """A variant is chosen."""
    return lambda _: resolve(load_subject(TOY), expression, {})


def checks(text: str) -> Case:
    """A file of checks is read."""

    def load(place: Path) -> None:
        file = place / "checks.py"
        file.write_text(text)
        load_checks(file, resolve(load_subject(TOY), "before", {}))

    return load


def alphabet(*lines: str) -> Case:
    """An alphabet is read."""

    def load(place: Path) -> None:
        file = place / "alphabet.jsonl"
        file.write_text("\n".join(['{"replay_alphabet": 1}', *lines]))
        read_alphabet(file)

    return load


def fifo(name: str) -> Case:
    """A file of the subject is a pipe that nobody writes to."""

    def load(place: Path) -> None:
        copied = written(place, {})
        (copied / name).unlink(missing_ok=True)
        os.mkfifo(copied / name)
        load_subject(copied)

    return load


def deep_directories(place: Path) -> None:
    """base/ has more directories inside each other than a path can name."""
    copied = written(place, {})
    os.chdir(copied / "base")
    for _ in range(1500):
        Path("d").mkdir()
        os.chdir("d")
    Path("x.py").write_text("A = 1\n")
    os.chdir("/")
    load_subject(copied)


def many_patches(place: Path) -> None:
    """A directory of more patches than any stack has."""
    loaded = load_subject(written(place, {}))
    patches = place / "mine"
    patches.mkdir()
    (patches / "one").write_text(GOOD)
    for number in range(20_000):
        (patches / f"{number:05}.patch").hardlink_to(patches / "one")
    resolve(loaded, f"before+{patches}", {})


def odd_name(place: Path) -> None:
    """A file's name is no UTF-8."""
    copied = written(place, {})
    (copied / "base" / os.fsdecode(b"a\xff.py")).write_text("A = 1\n")
    load_subject(copied)


DIFF = "--- a/shunting.py\n+++ b/shunting.py\n"
GOOD = f'{DIFF}@@ -1,1 +1,2 @@\n """What is done in the yard."""\n+# more\n'
MAIL = "From: a <a@b>\nDate: x\nSubject: {}\n{}\n\n{}"
NINES = "9" * 4400


def multipart(depth: int) -> str:
    parts = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)
    )
    return f"From: a <a@b>\nDate: x\nSubject: y\nMIME-Version: 1.0\n{parts}\nx\n"


def small_hunks(count: int, step: int, shift: int, old: str) -> str:
    """Hunks of a line each, which stand so many lines beside the place that they say."""
    return "--- a/big.py\n+++ b/big.py\n" + "".join(
        f"@@ -{step * n + 1 + shift},1 +{step * n + 1},1 @@\n-{old.format(step * n)}\n+# {n}\n"
        for n in range(count)
    )


def encoded(charset: str, text: str) -> str:
    more = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64"
    return MAIL.format("x", more, text)


BIG = {"base/big.py": "\n" * 400_000}
NUMBERED = {"base/big.py": "".join(f"# line {n}\n" for n in range(60_000))}
LINES = "".join(f"    abcdefg{n}()\n" for n in range(10_000))
HOLES = ", ".join(f'"{n}"' for n in range(1000))
CASES: dict[str, Case] = {
    "70,000 constants": base("".join(f"C{n} = {n}\n" for n in range(70_000))),
    "two variables of 480 kB": base(f"{'a' * 480_000} = 1\ndef f():\n    return {'a' * 479_999}b\n"),
    "two functions of 480 kB": base(f"def f():\n    {'a' * 480_000}()\n    {'a' * 479_999}b()\n"),
    "a key of 40 kB": config(f'[variants.{"a" * 40_000}]\nrevision = "base"\n'),
    "a quoted key of 400 kB": config(f'"{"a" * 400_000}" = 1\n'),
    "a key of 20,000 parts": config("a." * 20_000 + "b = 1\n"),
    "many keys of 400 parts": config("".join(f"k{n}.{'a.' * 400}b = 1\n" for n in range(800))),
    "15,000 checks": checks(
        "".join(f'def c{n}(machine):\n    "x"\n    return 1\n' for n in range(15_000))
    ),
    "180,000 added lines": patch("--- /dev/null\n+++ b/x.py\n@@ -0,0 +1,180000 @@\n" + "+\n" * 180_000),
    "20,000 hunks in 400,000 lines": patch(small_hunks(20_000, 2, 0, ""), BIG),
    "20,000 moved hunks in 400,000 lines": patch(small_hunks(20_000, 2, 500_000, ""), BIG),
    "10,000 moved hunks in 60,000 lines": patch(small_hunks(10_000, 6, 3, "# line {}"), NUMBERED),
    "a long hunk that fits nowhere": patch(
        "--- a/big.py\n+++ b/big.py\n@@ -1,200000 +1,199999 @@\n" + "-\n" + " \n" * 199_998 + " x\n", BIG
    ),
    "15 files of 1 MB": big_files(15, 55_000),
    "a subject in punycode": patch(MAIL.format(f"=?punycode?q?{'a' * 200_000}-{'z' * 200_000}?=", "", GOOD)),
    "a subject in idna": patch(MAIL.format(f"=?idna?q?{'a.' * 100_000}?=", "", GOOD)),
    "a subject of 60,000 words": patch(MAIL.format("=?utf-8?q?a?= " * 60_000, "", GOOD)),
    "a text in punycode": patch(encoded("punycode", "YWFh" * 200_000)),
    "a text in no character set": patch(encoded("zlib", "YWFh")),
    "a constant without a value, division": base("X = 1 // 0\n"),
    "a constant without a value, shift": base("X = 1 << 100\n"),
    "a constant without a value, huge shift": base("X = 1 << 10 ** 9\n"),
    "a constant without a value, complement": base('X = ~"a"\n'),
    "a constant without a value, huge text": base('X = "a" * 99999999999\n'),
    "a default without a value": base("def f(x=1 // 0):\n    return x\n"),
    "a field without a value": base('class Z:\n    a: "int" = 1 // 0\n'),
    "an integer of 4,400 digits": base(f"X = {NINES}\n"),
    "a hexadecimal integer of 500,000 digits": base(f"X = 0x{'f' * 500_000}\n"),
    "a hunk at line 4,400 digits": patch(f"{DIFF}@@ -{NINES},1 +1,1 @@\n-a\n+b\n"),
    "a hunk of 4,400 digits lines": patch(f"{DIFF}@@ -1,{NINES} +1,1 @@\n-a\n+b\n"),
    "a hunk at an Arabic line": patch(f"{DIFF}@@ -\u0661,1 +1,1 @@\n-a\n+b\n"),
    "REV~ 4,400 digits": variant(f"aaaa1111~{NINES}"),
    "REV~ Arabic": variant("aaaa1111~\u0661"),
    "REV with 100,000 carets": variant("aaaa1111" + "^" * 100_000),
    "REV with half a character": variant("aaaa\udcff"),
    "5,000 patches more": variant("before" + "+x" * 5_000),
    "5,000 patches less": variant("after" + "-aaaa1111" * 5_000),
    "1,000 mails inside each other": patch(multipart(1_000)),
    "10,000 mails inside each other": patch(multipart(10_000)),
    "arrays in subject.toml": config(f"x = {'[' * 450}{']' * 450}\n"),
    "tables in subject.toml": config(f"x = {'{a=' * 300}1{'}' * 300}\n"),
    "more arrays in subject.toml": config("x = " + "[\n" * 5_000 + "]\n" * 5_000),
    "a long integer in subject.toml": config("x = " + "9" * 900 + "\n"),
    "an integer of 4,400 digits in subject.toml": config(f"x = {NINES}\n"),
    "arrays in translate.toml": subject(translate_dot_toml="x = " + "[\n" * 5_000 + "]\n" * 5_000),
    "arrays in commands.toml": subject(commands_dot_toml="x = " + "[\n" * 5_000 + "]\n" * 5_000),
    "commands.toml of 100 MB": subject(commands_dot_toml="#" * 100_000_000),
    "commands.toml is a pipe": fifo("commands.toml"),
    "subject.toml is a pipe": fifo("subject.toml"),
    "series is a pipe": fifo("series"),
    "arrays in an alphabet": alphabet('{"step":"a","events":[{"a":' + "[" * 20_000 + "]" * 20_000 + "}]}"),
    "a billion steps in an alphabet": alphabet(
        '{"start":"s","events":[{"kind":"await","until":"settled"}]}',
        *(f'{{"values":{{"{hole}":[{HOLES}]}}}}' for hole in "abc"),
        '{"step":"a","events":[{"kind":"command","channel":"hmp","name":"x","arguments":"$a $b $c"}]}',
    ),
    "20,000 variants in subject.toml": config(
        "".join(f'[variants.v{n}]\nrevision = "base"\n' for n in range(20_000))
    ),
    "20,000 patches in a directory": many_patches,
    "deep directories": deep_directories,
    "a name that is no UTF-8": odd_name,
    "a path with half a character": patch(b"--- a/x\xff.py\n+++ b/x\xff.py\n@@ -1,1 +1,1 @@\n-a\n+b\n"),
    "half a character in a text": base('X = "\\ud800"\n'),
    "a name of 5,000 characters in series": subject(series="a" * 5_000 + ".patch\n"),
    "a name that is no UTF-8 in series": subject(series=b"a\xff.patch\n"),
    "5,000 parentheses": base(f"X = {'(' * 5_000}1{')' * 5_000}\n"),
    "50,000 signs": base(f"X = {'-' * 50_000}1\n"),
    "50,000 times not": base(f"def f():\n    return {'not ' * 50_000}1\n"),
    "50,000 sums": base(f"def f():\n    return {'1+' * 50_000}1\n"),
    "50,000 fields": base(f"def f(a):\n    return a{'.x' * 50_000}\n"),
    "50,000 comparisons": base(f"def f(a):\n    return {'a<' * 50_000}a\n"),
    "20,000 times elif": base("def f(a):\n    if a:\n        return 1\n" + "    elif a:\n        return 1\n" * 20_000),
    "90 blocks": base("def f(a):\n" + "".join(f"{' ' * n}if a:\n" for n in range(1, 91)) + " " * 91 + "return 1\n"),
    "20,000 definitions in a parenthesis": base("(\n" + "def f():\n    return 1\n" * 20_000 + ")\n"),
    "20,000 definitions in a text": base('X = """\n' + "def f():\n    return 1\n" * 20_000),
    "60,000 parameters": base(f"def f({','.join(f'a{n}' for n in range(60_000))}):\n    return 1\n"),
    "60,000 parameters of a name": base(f"def f({','.join(['a'] * 60_000)}):\n    return 1\n"),
    "10,000 names that are not there": base(f"def f():\n{LINES}"),
    "100,000 statements in a line": base("X = 1;" * 100_000 + "\n"),
    "50,000 decorators": base("@a\n" * 50_000 + "def f():\n    return 1\n"),
    "another encoding": base("# coding: utf-7\nX = 1\n"),
    "a byte order mark": base(b"\xef\xbb\xbfX = 1\n"),
}  # fmt: skip


def run(out: Path, names: list[str]) -> None:
    """Runs cases; a line of the file says how each ended, in seconds and megabytes.

    The process is killed if they take ten seconds each, or 1 GB.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * len(names), SECONDS * len(names)))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with out.open("a") as file, tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        for name in names:
            began = time.process_time()
            place = tempfile.mkdtemp(dir=cache)
            end = ending(CASES[name], Path(place))
            # Python itself removes no such depths.
            subprocess.run(["rm", "-rf", place], check=True)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            seconds = time.process_time() - began
            print(f"{name}\t{end}\t{seconds:.1f} s\t{peak} MB", file=file, flush=True)


def ending(case: Case, place: Path) -> str:
    """How a case ends: "read", the class of an error for a user, or a traceback's end."""
    try:
        case(place)
    except ReplayError as error:
        return f"{type(error).__name__} {ascii(str(error))[:150]}"
    except BaseException as error:
        return f"ESCAPED {ascii(traceback.format_exception(error)[-2:])[-300:]}"
    return "read"


def main(*words: str) -> None:
    """Prints how the chosen cases end."""
    for name in CASES:
        if not words or any(word in name for word in words):
            process = multiprocessing.Process(target=run, args=(Path("/dev/stdout"), [name]))
            process.start()
            process.join()
            if process.exitcode:
                print(f"{name}\tended with {process.exitcode}")


if __name__ == "__main__":
    main(*sys.argv[1:])
