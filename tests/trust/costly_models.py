"""Models that try to take more time or memory than their statements say.

Each is the body of f(); HELPERS stand beside it. `size` scales what stands in the source text.

    python -m tests.trust.costly_models [plain|traced] [WORD...]

runs those whose names have a word, at full size, and prints the seconds and megabytes of each.
"""

import multiprocessing
import resource
import sys
import time
from pathlib import Path

from replay.engine.log_budget import Allowance, budget, growth_of
from replay.errors import ReplayError
from replay.language import compile_tree, limits
from replay.language.traced.program import trace_tree
from replay.series import Tree, source_file

CLASSES = """
class Machine:
    nodes: list = []
    table: dict = {{}}
    node: "Node | None" = None
    text: str = ""


class Node:
    next: "Node | None" = None
    held: list = []


class Wide:
{}
""".format("\n".join(f"    field{n}: list = [[{n}], [{n}]]" for n in range(300)))

HELPERS = """

def repeated(text, count):
    while_long = text
    for i in range(30):
        if len(while_long) * 2 <= count:
            while_long += while_long
    return while_long + while_long[0:count - len(while_long)]


def doubled(times):
    x = [1]
    for i in range(times):
        x = [x, x]
    return x


def many(count):
    d = {}
    for i in range(count):
        d[str(i)] = i
    return d
"""

ODD = "\U0001f600"

LONG = "repeated('\\U0001f600', 4095)"
"""A text of the greatest length and width."""


def wide(count: int, item: str = "1", joint: str = ", ") -> str:
    """So many items, as they stand in a display or call."""
    return joint.join([item] * count)


def loop(*body: str, before: str = "pass") -> str:
    """A body that is run a million times, with as few statements beside it as can be."""
    lines = "".join(f"\n            {line}" for line in body)
    loops = "count = range(1000)\n    for i in count:\n        for j in count:"
    return f"{before}\n    {loops}{lines}"


def built_in(expression: str) -> str:
    """An expression again and again, with values that are costly to look at."""
    before = (
        f"s = {LONG}\n    o = repeated('\u0130', 2000)\n    q = s[:2000] + 'x'\n"
        "    t = s + 'a'\n    u = s + 'b'\n    v = s[1:]\n"
        "    r = range(50000)\n    d = many(20000)\n    z = [t, t, t, t, t, t, t, t] * 1\n"
    ).replace(" * 1", "")
    return loop(f"x = {expression}", before=before)


def models(size: int = 100_000) -> dict[str, str]:
    """All of them, by what they try."""
    displays = {
        "wide list": loop(f"x.append([{wide(size)}])", before="x = []"),
        "wide list of lists": loop(f"x.append([{wide(size, '[]')}])", before="x = []"),
        "wide list of dicts": loop(f"x.append([{wide(size, '{}')}])", before="x = []"),
        "wide dict": loop(
            "x.append({{{}}})".format(", ".join(f"'{n}': 1" for n in range(size))), before="x = []"
        ),
        "small lists": loop("x.append([[], [], [], []])", before="x = []"),
        "small dicts": loop("x.append([{1: 1}, {1: 1}, {1: 1}])", before="x = []"),
        "short texts": loop(
            "x.append([s + t, s + t, s + t])",
            before=("x = []\n    s = repeated('\\U0001f600', 31)\n    t = s"),
        ),
        "many targets": loop(f"{wide(size, 'x', ' = ')} = 1"),
        "many unpacked": loop(f"{wide(size, 'x')} = y", before=f"y = [{wide(size)}]"),
        "many subscripts": loop(f"{wide(size, 'y[0]', ' = ')} = 1", before="y = [0]"),
        "many deleted": loop(
            f"y = many({size // 100})",
            "del " + ", ".join(f"y['{n}']" for n in range(size // 100)),
        ),
    }
    expressions = {
        "or chain": loop(f"x = {wide(size, 'y', ' or ')}", before="y = 0"),
        "and chain": loop(f"x = {wide(size, 'y', ' and ')}", before="y = 1"),
        "compare chain": loop(f"x = {wide(size, 'y', ' == ')}", before="y = 1"),
        "literal compare chain": loop(
            f"x = {wide(size, '1', ' < ')}".replace("1 < 1", "y < 2", 1), before="y = 1"
        ),
        "in a constant list": loop(f"x = y in [{wide(size)}]", before="y = 0"),
        "in constant texts": loop(
            "x = y in [{}]".format(", ".join(f"'{'x' * 4000}{n}'" for n in range(size // 1000))),
            before="y = 'x'\n    y = repeated('x', 4000) + 'y'",
        ),
        "in long constant texts": loop(
            f"x = y in [{wide(min(size, 400), repr(ODD * 3999 + 'x'))}]",
            before="y = repeated('\U0001f600', 4000)",
        ),
        "many arguments": loop(f"g({wide(250)})"),
        "many defaults": loop("h()"),
    }
    looks = {
        expression: built_in(expression)
        for expression in (
            "q in s",
            "s.count(q)",
            "s.partition(q)",
            "s.rpartition(q)",
            "s.split(q)",
            "s.count(s)",
            "s.endswith(s)",
            "s.startswith(t)",
            "t == u",
            "t == u == t == u == t == u == t == u == t == u",
            "t <= u <= t <= u <= t <= u <= t <= u <= t <= u",
            "o.lower()",
            "(-1) ** 9223372036854775807",
            "t < u",
            "[t] == [u]",
            "z == [u, u, u, u]",
            "u in z",
            "z.count(u)",
            "[u] in [z, z, z, z]",
            "sorted(z)",
            "max(z)",
            "min(t, u, t, u)",
            "{t: 1} == {u: 1}",
            "s.lower()",
            "s + 'a'",
            "'a' + v",
            "[1] + r",
            "s[1:]",
            "'a'.join(z)",
            "int('9')",
            "str(i)",
            "-1 in r",
            "r.count(-1)",
            "r == r",
            "sorted(r)",
            "max(r)",
            "list(r)",
            "r[1:]",
            "r + r",
            "dict(d)",
            "list(d)",
            "d == d",
            "d.keys()",
            "d.values()",
            "d.items()",
            "sorted(d)",
            "max(d)",
            "-1 in d",
            "d.get(-1)",
            "range(500)",
            "[1, 2].index(2)",
            "{t + s[0:1]: 1}",
            "type_of(d)",
            "bool(r)",
            "new(Node)",
            "new(Wide)",
            "disk_open('a')",
            "disk_realpath('a')",
            "disk_temporary()",
            "disk_unlink('a')",
            "disk_create('a' + str(i), 'raw', 1 << 40, '', '')",
            "sorted([3, 1, 2])",
            "min(1, 2)",
            "'a,b,c'.split(',')",
            "'-'.join(['a', 'b'])",
            "s.split('x', 2)",
            "len(r)",
            "[r, r] == r",
        )
    }
    shared = {
        "doubled, indexed": "x = doubled(60)\n    return [1].index(x)",
        "doubled, removed": "x = doubled(60)\n    [1].remove(x)",
        "doubled, counted": "x = doubled(60)\n    return [1].count(x)",
        "doubled, searched": "x = doubled(60)\n    return x in [1]",
        "doubled, compared": "x = doubled(60)\n    return [doubled(60)] == [x]",
        "doubled, not equal": "x = doubled(60)\n    return [1] != x",
        "doubled, as a key": "x = doubled(60)\n    return {}[x]",
        "doubled, popped": "x = doubled(60)\n    return {}.pop(x)",
        "doubled, returned": "return doubled(60)",
        "doubled, in a field": "machine.nodes = doubled(60)",
        "doubled, in an error": "fail(doubled(60))",
        "doubled, refused": "refuse(doubled(60), doubled(60))",
        "doubled, added": "return [doubled(60)] + 1",
        "doubled, made a text": "return str(doubled(60))",
        "doubled, sorted": "return sorted([doubled(60)])",
        "doubled, asserted": "x = doubled(60)\n    assert x == 1",
        "doubled dicts": "x = 1\n    for i in range(60):\n        x = {0: x, 1: x}\n    return x",
        "doubled and changed": "x = doubled(60)\n    machine.nodes = [x]\n"
        "    machine.nodes.append(x)\n    return x[0][0] == x[1][1]",
    }
    states = {
        "keys of a dict that was long": loop(
            "k = d.keys()",
            before=("d = many(100000)\n    for k in list(d):\n        d.pop(k)\n    d[0] = 1"),
        ),
        "loops over a dict that was long": loop(
            "for k in d:\n                break",
            before=("d = many(100000)\n    for k in list(d):\n        del d[k]\n    d[0] = 1"),
        ),
        "a chain of objects": "for i in range(61000):\n        x = new(Node)\n"
        "        x.next = machine.node\n        machine.node = x",
        "walking a chain again and again": loop(
            "for x in walk(machine.node, 'next'):\n                pass",
            before="for i in range(20000):\n        x = new(Node)\n"
            "        x.next = machine.node\n        machine.node = x",
        ),
        "wide objects": loop("x.append(new(Wide))", before="x = []"),
        "wide objects swapped": loop("swap(x, y)", before="x = new(Wide)\n    y = new(Wide)"),
        "a large state": "machine.nodes = range(900000)",
        "a large dict in the state": "machine.table = many(150000)",
        "recursion": loop("deep(9000)"),
        "recursion without end": "f()",
        "recursion in lists": "x = [f()]",
        "recursion in loops": "for x in f():\n        pass",
        "recursion that forks": "fork(9000)",
        "deep lists, compared": "x = [1]\n    for i in range(90000):\n        x = [x]\n"
        "    y = [1]\n    for i in range(90000):\n        y = [y]\n    return x == y",
        "deep dicts, searched": "x = [1]\n    for i in range(90000):\n        x = {0: x}\n"
        "    y = [1]\n    for i in range(90000):\n        y = {0: y}\n    return x in [y]",
        "freed": loop("x = new(Node)", "free(x)"),
        "texts in a list": loop(
            f"x.append(s + '{'a' * 90}')", before=f"x = []\n    s = {LONG}[:3900]"
        ),
        "insert in front": loop("x.insert(0, 1)", before="x = range(200000)"),
        "pop in front": loop("x.pop(0)", before="x = range(900000)"),
        "numbers along the way that Python looks": loop("x = 0 in d", before=along(131071, 87000)),
        "few numbers along the way that Python looks": loop(
            "x = [d.get(0), d.get(0), d.get(0), d.get(0)]", before=along(511, 250)
        ),
        "dicts of numbers that Python gives one hash": "for n in range(14000):\n        d = {}\n"
        "        for k in range(14):\n            d[k] = -1 - (n >> k & 1)\n"
        "        machine.nodes.append(d)",
    }
    return {**displays, **expressions, **looks, **shared, **states, **files()}


def along(mask: int, count: int) -> str:
    """A dict of numbers at all the places where Python looks for another, one after the other."""
    return (
        f"n = 0\n    d = {{1 << 40: 1}}\n    for i in range({count}):\n"
        f"        n = 5 * n + 1 & {mask}\n        d[n] = 1"
    )


def files() -> dict[str, str]:
    """Models that are costly by what they do with image files."""
    names = {
        f"{call} {name}": loop(f"x = {call}", before=f"p = repeated('{name}', 4000)")
        for name in ("/..", "/a/..", "a/", "/a", ".")
        for call in (
            *("disk_realpath(p)", "disk_open(p)", "disk_unlink(p)"),
            "disk_create(str(i * 1000 + j) + p, 'raw', 1, '', '')",
        )
    }
    before = "a = disk_create('a', 'raw', 1 << 62, '', '')\n    r = []\n    q = []\n"
    before += "    b = disk_create('b', 'qcow2', 1 << 62, '', '')\n    for i in range(500):\n"
    before += (
        "        r.append([i * 99999, i * 99999 + 5])\n        q.append([i * 99999 + 4, 1 << 50])"
    )
    calls = {
        call: loop(call, before=before)
        for call in (
            *("disk_write([a], 0, 1 << 62, 7)", "disk_write([b], j * 200000 + 1, 1000, 7)"),
            *("disk_set_backing(a, 'b', 'raw')", "disk_resize(a, j << 20)", "disk_clear(b)"),
            *("x = disk_read([a], 0, 1 << 62)", "disk_copy([a], [b], r)", "disk_temporary()"),
            *("x = disk_extents(a, r)", "x = ranges_common(r, q)", "x = ranges_without(q, r)"),
            *("x = ranges_rounded(r, 3)", "x = ranges_union(r, q)", "x = ranges_union([], [])"),
        )
    }
    return names | calls


MORE = f"""

def g({", ".join(f"a{n}" for n in range(250))}):
    return 1


def h(x={" + ".join(["[" + wide(1000) + "]"] * 10)}):
    return 1


def deep(n):
    if n > 0:
        return deep(n - 1)
    return 0


def fork(n):
    if n > 0:
        return [fork(n - 1), fork(n - 1)]
    return 0
"""


def source(body: str) -> str:
    """The file with f()."""
    return f"def f():\n    {body}\n{HELPERS}{MORE}"


def ending(body: str, form: str) -> str:
    """How f() ends in the plain or the traced form: the class of a crash, or else its type."""
    files = (source_file("classes.py", CLASSES), source_file("model.py", source(body)))
    try:
        if form == "traced":
            traced = trace_tree(Tree(files), "Machine", "Node")
            end = traced.trace("f", [], traced.initial())[1]
        else:
            plain = compile_tree(Tree(files), "Machine", "Node")
            end = plain.call("f", [], plain.initial())[1]
    except ReplayError as error:
        return f"{type(error).__name__} {error}"
    return f"{getattr(end, 'cls', type(end).__name__)} {getattr(end, 'desc', '')}"


def run(out: Path, form: str, size: int, steps: int, names: list[str]) -> None:
    """Runs models with a limit of so many steps; a line of the file says how each ended.

    The process is killed if they take ten seconds each, or 1 GB.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (10 * len(names), 10 * len(names)))
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
    limits.MAX_STEPS = steps
    bodies = models(size)
    with out.open("a") as file:
        for name in names:
            began = time.process_time()
            end = ending(bodies[name], form)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
            seconds = time.process_time() - began
            print(f"{name}\t{end}\t{seconds:.2f} s\t{peak} MB", file=file, flush=True)


GROWING = {
    "lists": "machine.nodes.append(range(700))\n    return range(190000)",
    "a list made anew": "machine.nodes = range(190000)\n    machine.nodes.append(n)\n"
    "    return machine.nodes",
    "texts": "machine.nodes.append(repeated('\U0001f600', 4095))\n    return machine.nodes",
    "objects": "for i in range(600):\n        x = new(Node)\n        x.next = machine.node\n"
    "        machine.node = x\n    return n",
    "objects made anew": "machine.node = None\n    for i in range(40000):\n"
    "        x = new(Node)\n        x.next = machine.node\n        machine.node = x",
}
"""Events that leave more behind each time."""


def run_log(body: str, events: int) -> None:
    """Runs an event again and again, and keeps states and results as long as a trace may.

    The process is killed if that takes more than 500 MB, or a minute.
    """
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    text = f"def f(n):\n    {body}\n{HELPERS}"
    files = (source_file("classes.py", CLASSES), source_file("model.py", text))
    program = compile_tree(Tree(files), "Machine", "Node")
    trace: list[object] = []
    state, left = program.initial(), budget(events)
    for n in range(events):
        if state.machine is not None and min(left) > 0:
            before = state
            state, end = program.call("f", [n], before)
            growth = growth_of(before, state, getattr(end, "value", None))
            left = left.after(Allowance(growth, program.steps))
            trace += (state, end)
    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 500 << 10:
        raise MemoryError


def main(form: str = "plain", *words: str) -> None:
    """Prints what the chosen models take."""
    for name in models():
        if not words or any(word in name for word in words):
            arguments = (Path("/dev/stdout"), form, 100_000, limits.MAX_STEPS, [name])
            process = multiprocessing.Process(target=run, args=arguments)
            process.start()
            process.join()
            if process.exitcode:
                print(f"{name}\tended with {process.exitcode}")


if __name__ == "__main__":
    main(*sys.argv[1:])
