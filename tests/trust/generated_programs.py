"""Programs generated from the grammar of the model language.

Most expressions have the kind that their place needs, so that most programs come to an end; some
have another, so that every refusal comes up too.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from replay.language import (
    Crashed,
    Ending,
    Failed,
    Program,
    Refused,
    Returned,
    Stopped,
    compile_tree,
)
from replay.language.traced.program import trace_tree
from replay.series import Tree, source_file
from replay.state.objects import FrozenMap, Ref, State
from tests.trust.plain_python import End, Reference

KINDS = ("number", "bool", "text", "list", "dict", "node", "texts")
"""What values are; "texts" are a list of texts only."""

CLASSES = """
BIG = 1 << 62
WORDS = ["ab", "b", "", "x,y"]
NUMBERS = [3, -1, 0, 5]
SIZES = {"ab": 1, "b": [2, 3]}


class Machine:
    number: int = 0
    word: str = "w"
    many: list = [1, ["ab"]]
    table: dict = {"ab": 5}
    node: "Node | None" = None


class Node:
    number: int = 7
    word: str = ""
    many: list = []
    table: dict = {}
    node: "Node | None" = None
"""

LEAVES: dict[str, tuple[str, ...]] = {
    "number": ("0", "1", "2", "5", "63", "9223372036854775807", "BIG", "(-3)", "machine.number"),
    "bool": ("True", "False"),
    "text": ('""', '"ab"', '"b"', '"x,y"', '"7"', '"aB c"', "machine.word"),
    "list": ("[]", "NUMBERS", "[0, 1]", "(1, 2, 3)", "machine.many"),
    "dict": ("{}", "SIZES", '{"ab": 1}', "machine.table"),
    "node": ("machine", "machine", "None", "new(Node)", "machine.node"),
    "texts": ("WORDS", '["ab", "b"]', "[]"),
}

BINARY = ("+", "-", "*", "//", "%", "**", "<<", ">>", "|", "&", "^")
ORDERS = ("<", "<=", ">", ">=", "==", "!=")

FORMS: dict[str, tuple[str, ...]] = {
    "number": (
        *(f"(<number> {op} <number>)" for op in BINARY),
        *("(<number> + <number>)", "(<number> - 1)", "(-<number>)", "(~<number>)", "len(<list>)"),
        *("len(<text>)", "int(<text>)", "int(<number>)", "int(<text>, <number> % 37)"),
        *("int(str(<number>))", "<text>.count(<text>)", "<text>.index(<text>)", "(<number> % 3)"),
        *("<list>.count(<any>)", "<list>.index(<number>)", "min(<number>, <number>)"),
        *("max(<number>, <number>, 3)", "max(<list>)", "min(<list>)", "<list>[<small>]"),
        *("<node>.number", "<list>.pop()", "len(<dict>)", "int(<bool>)", "(<bool> + <number>)"),
    ),
    "bool": (
        *("(<same> == <same>)", "(<same> != <same>)", "(<same> == <same> == <same>)"),
        *("(<same> != <same> == <any>)", "(not <any>)", "(<number> <order> <number>)"),
        *("(<number> <order> <number> <order> 5)", "(<text> <order> <text>)", "bool(<any>)"),
        *("(<number> <order> 3)", "(3 <order> <number>)", "(<text> in <text>)"),
        *("(<text> not in <text>)", "(<same> in [<same>, <same>])", "(<text> in <dict>)"),
        *("(<number> in (1, 2, 5))", "(<any> not in [1, <any>])", "(<any> is None)"),
        *("(<any> is not None)", "(<any> is True)", "(<any> is not False)", "(<text> in <texts>)"),
        *("<text>.startswith(<text>)", "<text>.endswith(<text>)", "(<text> in <texts> == <any>)"),
    ),
    "text": (
        *("(<text> + <text>)", "<text>[<small>:]", "<text>[:<small>]", "<text>[::<small>]"),
        *("<text>[<small>]", "<text>.lower()", "str(<number>)", "<text>.join(<texts>)"),
        *("<texts>[<small>]", "<text>.partition(<text>)[0]", "<text>.rpartition(<text>)[2]"),
        *("min(<text>, <text>)", "max(<texts>)", "<node>.word", "type_of(<any>)", "str(<any>)"),
    ),
    "texts": (
        *("[<text>, <text>]", "(<texts> + [<text>])", "<text>.split(<text>)", "<text>.split()"),
        *("<text>.split(<text>, <small>)", "<text>.partition(<text>)", "sorted(<texts>)"),
        *("list(<texts>)", "(<text>, <text>, <text>)", "<dict>.keys()", "list(<dict>)"),
    ),
    "list": (
        *("[<number>, <number>]", "[<any>, <number>]", "(<number>, <list>)", "<node>.many"),
        *("(<list> + [<number>])", "<list>[<small>:]", "<list>[:<small>]", "<list>[::<small>]"),
        *("<list>[<small>:<small>:<small>]", "list(<list>)", "list()", "range(<number> % 7)"),
        *("range(<small>, 9)", "range(9, 1, <small>)", "sorted(<list>)", "<dict>.values()"),
        *("<dict>.items()", "(<list> + <list>)"),
    ),
    "dict": (
        *("{<text>: <any>}", '{"ab": <any>, <text>: 1}', "dict(<dict>)", "dict()"),
        *("<node>.table", "{<any>: <any>}"),
    ),
    "node": ("<node>.node", "new(Node)", "machine", "(<node> or machine)"),
}
"""What gives a value of a kind. A word in angles is an expression of that kind."""

ANY_FORMS = (
    *("(<this> if <any> else <this>)", "(<this> and <this>)", "(<this> or <this>)"),
    *("(<this> or <any> and <this>)", "[<this>, <this>][<small>]", '{"k": <this>}["k"]'),
    *('{"k": <this>}.get("k", <this>)', '{"k": <this>}.get(<text>)', "[<this>].pop()"),
)

PLACES = {
    "number": ("<node>.number", "<list>[<small>]", "<dict>[<text>]"),
    "text": ("<node>.word", "<texts>[<small>]", "<dict>[<text>]"),
    "list": ("<node>.many", "<list>[<small>]", "<dict>[<text>]"),
    "dict": ("<node>.table", "<list>[<small>]", "<dict>[<any>]"),
    "node": ("<node>.node", "<node>.node", "<list>[<small>]", "<dict>[<text>]"),
}
"""Where a value of a kind can be stored. All others go where a list does."""

STATEMENTS = (
    *("<new> = <new-value>", "<new> = <new-value>", "<place> = <place-value>"),
    *("<place> = <place-value>", "<new> = <place> = <place-value>", "<call>"),
    *("<place>, <new> = <place-value>, <any>", "[<new>, <new>] = <any>, <any>"),
    *("(<new>, (<new>, <new>)) = <any>, <texts>", "<held> <op>= <number>", "<held> += <any>"),
    *("<number-place> <op>= <number>", "<list>.append(<any>)", "<list>.insert(<small>, <any>)"),
    *("<list>.pop()", "<list>.pop(<small>)", "<list>.remove(<any>)", "<dict>.pop(<text>)"),
    *("swap(<node>, <node>)", "free(new(Node))", "del <dict>[<text>]", "pass", "<leave>"),
    *("assert <any> or True", 'assert <any>, "no"', "assert <bool>", "return <result>"),
    *("return", "refuse(<text>, <text>)", "fail(-5)", "fail(-<number>)"),
    "del {'ab': 1}['ab'], <dict>['ab']",
)

LOOPS = (
    *(("number", "range(3)"), ("number", "range(<number> % 5)"), ("number", "<list>")),
    *(("text", "<texts>"), ("text", "<dict>"), ("node", 'walk(<node>, "node")'), ("list", "<any>")),
)
"""What a for runs over, and the kind of what it finds there."""

WORD = re.compile(r"<([a-z-]+)>")


class Function:
    """Writes one function at random."""

    def __init__(self, chance: random.Random, callee: str = "", returned: str = "") -> None:
        """It may call a function that returns a value of a kind."""
        self._chance = chance
        self._callee = callee
        self._returned = returned
        self._names = {"a": "number", "b": "text", "c": "list", "d": "dict", "e": "texts"}
        self._bound: dict[str, str] = {}
        self._kind = "number"
        self._loops = 0
        self.kind = chance.choice(KINDS if not callee else KINDS[:5])

    def text(self, name: str) -> str:
        """The source of a function of that name."""
        default = self._chance.choice(["WORDS", "WORDS", '["b"]', "None", "BIG"])
        body = [] if self._chance.random() < 0.1 else ["    machine.node = new(Node)"]
        body += self._block(1, self._chance.choice((0, 0, 0, 1, 2)))
        body.append(f"    return {self._filled('<result>', 2)}")
        parameters = f"a, b, c, d, e={default if '[' not in default else f'[] + {default}'}"
        return "\n".join([f"def {name}({parameters}):", *body]) + "\n"

    def _block(self, indent: int, depth: int) -> list[str]:
        names = dict(self._names)
        lines: list[str] = []
        for _ in range(self._chance.randint(1, 1 + depth)):
            lines += self._statement(indent, depth)
        # What was bound in a block is perhaps not bound behind it.
        self._names = self._names if indent == 1 else names
        return lines

    def _statement(self, indent: int, depth: int) -> list[str]:
        space = "    " * indent
        if not depth or self._chance.random() > 0.3:
            return [space + self._simple()]
        if self._chance.random() < 0.5:
            return self._for(indent, depth - 1)
        lines = [f"{space}if {self._filled('<bool>', 2)}:", *self._block(indent + 1, depth - 1)]
        if self._chance.random() < 0.3:
            lines.append(f"{space}elif {self._filled('<any>', 2)}:")
            lines += self._block(indent + 1, depth - 1)
        if self._chance.random() < 0.5:
            lines += [f"{space}else:", *self._block(indent + 1, depth - 1)]
        return lines

    def _for(self, indent: int, depth: int) -> list[str]:
        kind, over = self._chance.choice(LOOPS)
        iterated = self._filled(over, 1)
        names, name = dict(self._names), self._chance.choice("abcdexyzw")
        self._names[name] = kind
        self._loops += 1
        body = self._block(indent + 1, depth)
        self._loops -= 1
        self._names = names
        return [f"{'    ' * indent}for {name} in {iterated}:", *body]

    def _simple(self) -> str:
        self._kind = self._chance.choice(KINDS)
        self._bound = {}
        statement = self._filled(self._chance.choice(STATEMENTS), 2)
        self._names |= self._bound
        return statement

    def _filled(self, form: str, depth: int) -> str:
        """A form with expressions in place of its words."""
        same = self._chance.choice(KINDS)

        def filled(match: re.Match[str]) -> str:
            text = self._word(match[1], depth - 1, same)
            # A number's own point would be that of a fraction.
            return f"({text})" if text.isdigit() and form.startswith(".", match.end()) else text

        return WORD.sub(filled, form)

    def _word(self, word: str, depth: int, same: str) -> str:
        chance = self._chance
        match word:
            case "any" | "same":
                return self._expression(chance.choice(KINDS) if word == "any" else same, depth)
            case "small":
                return chance.choice(("0", "0", "1", "-1", "2", self._expression("number", depth)))
            case "op" | "order":
                return chance.choice(BINARY if word == "op" else ORDERS)
            case "new":
                name = chance.choice("abcdexyzw")
                self._bound[name] = self._kind
                return name
            case "new-value" | "place-value":
                return self._expression(self._kind, depth)
            case "place":
                return self._filled(chance.choice(PLACES.get(self._kind, PLACES["list"])), 1)
            case "number-place":
                return chance.choice(("machine.number", "c[0]", 'd["ab"]', "machine.node.number"))
            case "held":
                return chance.choice([*self._names])
            case "leave":
                return chance.choice(["break", "continue"]) if self._loops else "pass"
            case "result":
                return self._expression(self.kind, depth)
            case "call":
                return self._call(depth) if self._callee else "len([])"
        return self._expression(word, depth)

    def _call(self, depth: int) -> str:
        more = self._chance.choice(["", "", "", ", <any>"])
        return self._filled(f"{self._callee}(<number>, <text>, <list>, <dict>{more})", depth)

    def _expression(self, kind: str, depth: int) -> str:
        """An expression, nearly always of this kind."""
        chance = self._chance.random()
        if chance < 0.005:
            kind = self._chance.choice(KINDS)
        if depth <= 0 or chance < 0.25:
            names = [name for name, of in self._names.items() if of == kind]
            return self._chance.choice(names or LEAVES[kind] if chance < 0.1 else LEAVES[kind])
        if chance > 0.9 and kind == self._returned:
            return self._call(depth)
        if chance > 0.85:
            form = self._chance.choice(ANY_FORMS).replace("<this>", f"<{kind}>")
        else:
            form = self._chance.choice(FORMS[kind])
        return self._filled(form, depth)


def programs(seed: int, count: int) -> Iterator[str]:
    """The sources of so many programs; program n is the function fn, with the function gn."""
    chance = random.Random(seed)
    for number in range(count):
        if chance.random() < 0.8:
            yield Function(chance).text(f"f{number}")
        else:
            helper = Function(chance)
            function = Function(chance, f"g{number}", helper.kind)
            yield f"{helper.text(f'g{number}')}\n\n{function.text(f'f{number}')}"


ARGUMENTS: tuple[tuple[Any, ...], ...] = (
    (3, "ab", [1, 2, 5], {"ab": 1}, ["b", "ab"]),
    (0, "", [], {}, []),
    (-1, "x,y", [["ab"], True], {"7": ["b"], "b": None}, ["", "7", "x,y"]),
)
"""What each program is called with. The last one may be left to its default."""

OWN_REFUSAL = re.compile(
    r"(a|an) \w+ (where|has|\+|\||<<) |None (where|has|\+|\|) |for over|a slice of|holds nothing"
    r"|(str|int|len|dict|list|bool|join|sorted) of |a negative exponent|swap of"
    r"|a handler returned|an object as a key|\S+ is freed twice|the machine can't be freed"
)
"""What only the language refuses, where Python has a value or says it in other words."""


class Disagreement(NamedTuple):
    """A program, what it was called with, and how it ended in two ways."""

    source: str
    arguments: tuple[Any, ...]
    plain: Any
    other: Any


class Tally(NamedTuple):
    """How often programs ended in a way, and those that did not end alike."""

    endings: Counter[str]
    wrong: list[Disagreement]


def compared(sources: Sequence[str]) -> Tally:
    """Runs programs, as `programs` gives them, in the plain form, the traced form and CPython."""
    text = "\n\n".join(sources)
    tree = Tree((source_file("classes.py", CLASSES), source_file("programs.py", text)))
    plain, traced = (make(tree, "Machine", "Node") for make in (compile_tree, trace_tree))
    reference = Reference(CLASSES, text)
    tally = Tally(Counter(), [])
    start, start_traced = plain.initial(), traced.initial()
    for number, source in enumerate(sources):
        name = f"f{number}"
        given = ARGUMENTS[number % 3][: 4 + number % 2]
        state, ending = plain.call(name, given, start)
        again = traced.trace(name, given, start_traced)[:2]
        tally.endings[word(ending)] += 1
        if again != (state, ending):
            tally.wrong.append(Disagreement(source, given, (ending, state), again))
        elif not isinstance(ending, Stopped) and not is_own(ending):
            end, objects = reference.call(name, given)
            problem = difference(plain, state, ending, end, objects)
            if problem:
                tally.wrong.append(Disagreement(source, given, ending, (end, problem)))
    return tally


def word(ending: Ending) -> str:
    """How an event ended, in a few words."""
    if isinstance(ending, Crashed) and not isinstance(ending, Stopped):
        return f"{ending.cls} of the language" if is_own(ending) else ending.cls
    return type(ending).__name__


def is_own(ending: Ending) -> bool:
    """Whether only the language refuses that, and not Python."""
    if isinstance(ending, Stopped):
        return False
    return isinstance(ending, Crashed) and OWN_REFUSAL.match(ending.desc) is not None


def difference(
    program: Program, state: State, ending: Ending, end: End, objects: dict[int, Any]
) -> str:
    """What is not as Python has it; "" if nothing."""
    match ending:
        case Returned(value):
            same = end.word == "returned" and end.what == kinds(value)
        case Refused(cls, desc):
            same = end == End("refused", (cls, desc))
        case Failed(errno):
            same = end == End("failed", errno)
        case Crashed():
            line = program.place(ending)[1]
            return "" if end.line == line else f"at line {line}, in Python at {end.line}"
    if not same:
        return "another ending"
    now = {o.id: {name: kinds(value) for name, value in o.fields} for o in state.objects}
    return "" if now == objects else "another state"


def kinds(value: Any) -> Any:
    """A frozen value with kinds, as Machine.plain has it."""
    if isinstance(value, tuple):
        return ("list", *map(kinds, value))
    if isinstance(value, FrozenMap):
        return ("dict", *((kinds(key), kinds(item)) for key, item in value.pairs))
    if isinstance(value, Ref):
        return ("object", value.id)
    return (type(value).__name__, value)
