"""The effects of one step's function: artifacts that it may read, and may and must assign."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from flowc.compiler.dataflow.effects.records import Effects

from tests.support.analyzing import analysis_of

HEAD = """
import threading
from metaflow import FlowSpec, step
import helpers

NAMES = ["a", "b"]


def outer(flow, value=None):
    flow.from_outer = flow.to_outer
    return flow


class F(FlowSpec):
    limit = 3

    @step
    def start(self):
        self.next(self.left, self.right)

    @step
    def left(self):
        self.next(self.join)

    @step
    def right(self):
        self.next(self.join)

    @step
    def join(self, inputs):
{body}
        self.next(self.end)

    @step
    def end(self):
        pass

    def helper(self, n=1):
        self.from_helper = self.to_helper

    def maybe(self):
        if self.condition:
            return
        self.late = 1

    def again(self, n):
        if n:
            self.again(n - 1)
        self.deep = self.depth

    @property
    def size(self):
        return len(self.items)

    @staticmethod
    def plain(x):
        return x.y

    def best(self, inputs):
        return max(inputs, key=lambda each: each.score)
"""


def effects(body: str, folder: Path) -> Effects:
    (folder / "helpers.py").write_text("def fill(a, *, flow):\n    flow.filled = 1\n    return flow.to_fill\n")
    (folder / "flow.py").write_text(HEAD.format(body=textwrap.indent(textwrap.dedent(body).strip(), " " * 8)))
    return analysis_of(folder).dataflow.steps["join"].effects


def shown(effects: Effects) -> str:
    """`reads x, y?; may z; must z; inputs a`: `?` for a read that is not certain, `~` for one that is guarded, `+` for one that may be assigned."""

    def marks(name: str, certain: bool, guarded: bool, assigned: bool = False) -> str:
        return name + ("" if certain else "?") + ("~" if guarded else "") + ("+" if assigned else "")

    parts = [
        ("reads", [marks(read.name, read.certain, read.guarded, read.assigned) for read in effects.reads]),
        ("may", sorted(effects.may)),
        ("must", sorted(effects.must)),
        (
            "deletes",
            [marks(delete.name, delete.certain, delete.guarded, delete.assigned) for delete in effects.deletes],
        ),
        (
            "inputs",
            [
                f"{read.branch}.{marks(read.name, read.certain, read.guarded)}{'*' if read.each else ''}"
                for read in effects.inputs
            ],
        ),
        ("merges", [f"+{merge.include} -{merge.exclude}" for merge in effects.merges]),
        (
            "unknown",
            [name for name, value in (("reads", effects.unknown_reads), ("writes", effects.unknown_writes)) if value],
        ),
    ]
    return "; ".join(f"{what} {' '.join(dict.fromkeys(names))}" for what, names in parts if names)


CASES = [
    ("assignment", "self.x = self.y", "reads y; may x; must x"),
    ("assigned before read", "self.x = 1\nprint(self.x)", "may x; must x"),
    ("tuple", "self.a, (self.b, *self.c) = self.d", "reads d; may a b c; must a b c"),
    ("chain", "self.a = self.b = self.c", "reads c; may a b; must a b"),
    ("augmented", "self.x += 1", "reads x; may x; must x"),
    ("annotated", "self.x: int = 1\nself.y: int", "may x; must x"),
    ("walrus", "if (n := self.x) > 1:\n    self.y = n", "reads x; may y"),
    ("f-string", 'print(f"{self.x:{self.width}} {self.y!r}")', "reads x width y"),
    ("if", "if self.c:\n    self.x = 1\nelse:\n    self.x = 2\n    self.y = 1", "reads c; may x y; must x"),
    ("elif", "if self.c:\n    self.x = 1\nelif self.d:\n    self.x = self.e", "reads c d? e?; may x"),
    ("if that raises", "if not self.c:\n    raise ValueError\nself.x = self.y", "reads c y; may x; must x"),
    ("early return in a helper", "self.maybe()\nprint(self.late)", "reads condition late+; may late"),
    ("conditional expression", "self.x = self.a if self.c else self.b", "reads c a? b?; may x; must x"),
    ("boolean operators", "self.x = self.a and self.b or self.c", "reads a b? c?; may x; must x"),
    ("for", "for self.i in self.items:\n    self.x = self.i\nelse:\n    self.z = 1", "reads items; may i x z; must z"),
    ("read late, assigned in the loop", "for n in range(3):\n    print(self.x)\n    self.x = n", "reads x?+; may x"),
    ("literal loop", "for n in (1, 2):\n    self.x = n", "may x; must x"),
    ("while", "while self.n:\n    self.x = 1", "reads n; may x"),
    ("endless loop", "while True:\n    self.x = 1\n    if self.x:\n        break\nprint(self.x)", "may x; must x"),
    ("break", "for n in (1, 2):\n    if n:\n        break\n    self.x = self.y", "reads y?; may x"),
    ("with", 'with open(self.path) as self.file:\n    self.x = 1', "reads path; may file x; must file x"),
    ("with something that may swallow", "with helpers.quiet():\n    self.x = self.y", "reads y?~; may x"),
    ("try", "try:\n    self.x = self.y\nexcept AttributeError:\n    self.x = 0\nself.z = self.x", "reads y?~; may x z; must x z"),
    ("try that does not catch", "try:\n    self.x = self.y\nexcept ValueError:\n    raise", "reads y; may x; must x"),
    ("try with another exception", "try:\n    self.x = self.y\nexcept KeyError:\n    pass", "reads y?; may x"),
    ("finally", "try:\n    self.x = self.y\nfinally:\n    self.z = self.x", "reads y x+; may x z; must x z"),
    ("match", "match self.k:\n    case 1:\n        self.x = 1\n    case _:\n        self.x = 2", "reads k; may x; must x"),
    ("comprehension", "self.x = [self.y + n for n in self.items if self.c]", "reads items c? y?; may x; must x"),
    ("lambda", "self.f = sorted([], key=lambda n: self.y)", "reads y?~; may f; must f"),
    ("nested function, called", "def f(n):\n    self.x = self.y\nf(1)", "reads y; may x; must x"),
    ("nested function, given away", "def f(n):\n    self.x = self.y\nprint(f)", "reads y?~; may x"),
    ("nested function, never used", "def f(n):\n    self.x = self.y", ""),
    ("nested function, recursive", "def f(n):\n    self.x = n\n    f(n - 1)\nf(self.k)", "reads k; may x; must x"),
    ("local class", "class C:\n    def f(me):\n        return self.x", "reads x?~"),
    ("helper method", "self.helper(2)", "reads to_helper; may from_helper; must from_helper"),
    ("helper method, given away", "list(map(self.helper, [1]))", "reads to_helper?~; may from_helper"),
    ("recursive method", "self.again(3)", "reads depth~; may deep; must deep"),
    ("property", "print(self.size)", "reads items"),
    ("static method", "self.plain(self.x)", "reads x"),
    ("alias", "me = self\nme.x = me.y", "reads y; may x; must x"),
    ("function of the module", "outer(self, 1)", "reads to_outer; may from_outer; must from_outer"),
    ("function of another module", "helpers.fill(1, flow=self)", "reads to_fill; may filled; must filled"),
    ("what a function returns", "outer(self).x = 1", "reads to_outer; may from_outer x; must from_outer x"),
    ("foreign code", "threading.Thread(args=(self,))", "unknown reads writes"),
    ("in a list", "everything = [self]", "unknown reads writes"),
    ("looked at", "print(self, isinstance(self, F), self is None)", ""),
    ("getattr", 'print(getattr(self, "x"), getattr(self, "y", None))', "reads x y~"),
    ("getattr, dynamic", "print(getattr(self, self.n))", "reads n; unknown reads"),
    ("setattr", 'setattr(self, "x", self.y)', "reads y; may x; must x"),
    ("setattr over names", "for name in NAMES:\n    setattr(self, name, 1)", "may a b"),
    ("setattr over pairs", 'for name, value in {"a": 1, "b": 2}.items():\n    setattr(self, name, value)', "may a b"),
    ("setattr, dynamic", "setattr(self, self.n, 1)", "reads n; unknown writes"),
    ("hasattr", 'if hasattr(self, "x"):\n    print(self.x)', "reads x~; may x"),
    ("hasattr, or else", 'if not hasattr(self, "x"):\n    self.x = 1\nprint(self.x)', "reads x~; may x; must x"),
    ("vars", 'vars(self)["x"] = self.__dict__["y"]', "reads y~; may x; must x"),
    ("vars, updated", "self.__dict__.update(a=1)", "unknown reads writes"),
    ("delete", "self.x = 1\ndel self.x, self.y", "deletes x+ y"),
    ("delattr", 'delattr(self, "y")', "deletes y"),
    ("in place", "self.x.append(self.y)\nself.z[self.k] = 1", "reads x y k z"),
    ("a branch by name", "self.x = inputs.left.x", "may x; must x; inputs left.x"),
    ("a branch by index", "self.x = inputs[0].x", "may x; must x; inputs .x"),
    ("every branch", "self.x = [each.x for each in inputs]", "may x; must x; inputs .x*"),
    ("every branch, in a loop", "for each in inputs:\n    self.x = each.x", "may x; must x; inputs .x*"),
    ("some branches", "self.x = [each.x for each in inputs if each.y]", "may x; must x; inputs .y* .x?"),
    ("enumerate", "for n, each in enumerate(inputs):\n    print(n, each.x)", "inputs .x*"),
    ("list of inputs", "all = list(inputs)\nprint(all[0].x, len(all))", "inputs .x"),
    ("the best of the inputs", "best = max(inputs, key=lambda each: each.score)\nself.m = best.model", "may m; must m; inputs .score?~ .model"),
    ("the best, by a helper", "self.m = self.best(inputs).model", "may m; must m; inputs .score?~ .model"),
    ("the best, in a loop", "best = None\nfor each in inputs:\n    if best is None or each.s > best.s:\n        best = each\nself.m = best.m",
     "may m; must m; inputs .s? .s?~ .m~"),
    ("sum over inputs", "self.x = sum(each.x for each in inputs)", "may x; must x; inputs .x*"),
    ("inputs given away", "threading.Thread(args=(inputs,))", "unknown reads"),
    ("merge", "self.merge_artifacts(inputs)", "merges +() -()"),
    ("merge, exclude", 'self.merge_artifacts(inputs, exclude=["x"])', "merges +() -('x',)"),
    ("merge, include by name", "self.merge_artifacts(inputs, include=NAMES)", "merges +('a', 'b') -()"),
    ("merge, not known", "self.merge_artifacts(inputs, include=self.names)", "reads names; merges +None -()"),
    ("exec", 'exec("self.x = 1")', "unknown reads writes"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "body", "expected"), CASES, ids=[case[0] for case in CASES])
def test_effects(title: str, body: str, expected: str, tmp_path: Path) -> None:
    assert shown(effects(body, tmp_path)) == expected
