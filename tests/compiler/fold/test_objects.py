"""Objects of the flow's own classes have the values that Python gives them, or none."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from flowc.compiler.fold.budget import Unfoldable
from flowc.compiler.fold.evaluator import Evaluator
from flowc.compiler.names.resolver import Resolver
from flowc.compiler.source.sources import Sources

MODULE = """
import copy
import dataclasses
import enum
import functools
from abc import ABC
from argparse import Namespace
from collections import namedtuple
from dataclasses import asdict, astuple, dataclass, field, replace
from types import MappingProxyType, SimpleNamespace
from typing import ClassVar, NamedTuple

BASE = 2

@dataclass(frozen=True)
class Size:
    cpu: int
    memory: int = BASE * 1024
    tags: list = field(default_factory=lambda: ["a"])
    LIMIT: ClassVar[int] = 99

    @property
    def text(self):
        return f"{self.cpu}/{self.memory}"

    def more(self, factor=2):
        return replace(self, cpu=self.cpu * factor)

@dataclass(frozen=True)
class Large(Size):
    gpu: int = 1
    label: str = field(init=False, default="")

    def __post_init__(self):
        object.__setattr__(self, "label", f"{self.gpu}x{self.text}")

class Row(NamedTuple):
    a: int
    b: str = "b"

    def both(self):
        return self.b * self.a

Pair = namedtuple("Pair", "x y", defaults=[7])

class Color(enum.Enum):
    RED = "r"
    BLUE = "b"

    @property
    def upper(self):
        return self.value.upper()

    def __str__(self):
        return self.name.lower()

class Number(enum.IntEnum):
    ONE = enum.auto()
    TWO = enum.auto()

class Mode(str, enum.Enum):
    FAST = "fast"

class Plan(ABC):
    RATES = {"s": 1, "l": 8}

    def __init__(self, size="s", *rest, **more):
        self.size = size
        self.cpu = self.RATES[size]
        self.rest = []
        for each in rest:
            self.rest.append(each)
        for name, value in more.items():
            setattr(self, name, value)
        self.check()

    def check(self):
        if self.cpu > 100:
            raise ValueError("too large")

    @classmethod
    def large(cls):
        return cls("l")

    @staticmethod
    def twice(n):
        return n * 2

    @functools.cached_property
    def label(self):
        return self.size.upper()

    def __str__(self):
        return f"plan {self.size}"

class Night(Plan):
    RATES = {**Plan.RATES, "xl": 64}

    def __init__(self):
        super().__init__("xl", 1, 2, hours=3)
        self.cpu += 1

    def check(self):
        super().check()

SMALL = Size(2)
SPACE = SimpleNamespace(a=1, deep=SimpleNamespace(b="x"))
"""
KNOWN = """
SMALL.cpu SMALL.memory SMALL.text SMALL.tags Size.LIMIT SMALL.LIMIT Size.memory SMALL.more().cpu SMALL.more(3).text
Large(1).label Large(cpu=2,gpu=3).label asdict(SMALL) astuple(SMALL) asdict(Large(1))["gpu"] vars(SMALL) Size(2)==SMALL
Size(3)==SMALL Size(2)!=SMALL replace(SMALL,memory=1).text dataclasses.replace(SMALL,cpu=5).cpu
Row(3) Row(3).both() Row(2)[1] Row(2)._asdict() Row(1)._replace(b="z").b len(Row(1)) Row(1)==(1,"b") list(Row(1)) Row._fields
Pair(1) Pair(1).y Pair(1,2).x Pair(y=1,x=2)._asdict()
Color.RED.value Color.RED.name Color("b").name Color["RED"].value Color.BLUE.upper str(Color.RED) f"{Color.BLUE}" len(Color)
Color.RED==Color.RED Color.RED==Color.BLUE Color.RED=="r" list(Color.__members__)
Number.TWO+1 Number.ONE==1 Number.TWO.value Mode.FAST=="fast" Mode.FAST.upper() "-".join([Mode.FAST,"x"]) {"fast":1}[Mode.FAST]
Plan().cpu Plan.large().cpu Plan("s",1,2).rest Plan(q=5).q Plan.twice(4) Plan().twice(4) Plan().label str(Plan()) f"{Plan()}"
Night().cpu Night().rest Night().hours Night().label Night.RATES Night().size getattr(Plan(),"cpu") getattr(Plan(),"nope",3)
hasattr(Plan(),"cpu") hasattr(Plan(),"nope") isinstance(Night(),Plan) isinstance(SMALL,(Plan,int)) Plan.__name__ Plan()==Plan()
SPACE.a SPACE.deep.b vars(SPACE)["a"] SPACE==SimpleNamespace(a=1,deep=SimpleNamespace(b="x")) Namespace(q=1).q MappingProxyType({"a":1})["a"]
""".split()
KNOWN += ["[each.value for each in Color]", "Color.RED in (Color.RED,)", "{**SMALL.more(2).__dict__}"]
UNKNOWN = {
    "Size": "cannot be|cannot",
    "Size()": "missing argument",
    "Size(1, 2, 3, 4)": "unexpected",
    "SMALL.nope": "nope",
    "str(SMALL)": "name one of its attributes",
    "f'{SPACE}'": "name one of its attributes",
    "str(Mode.FAST)": "name one of its attributes",
    "repr(Plan())": "text differs",
    "{SMALL: 1}": "key",
    "Color('q')": "not a valid",
    "Plan('q')": "q",
    "Plan(cpu=1000)": "raise",
    "Changed.cpu": "more than once",
    "CHANGED.cpu": "more than once",
    "Odd().cpu": "not known",
    "Lazy().cpu": "not known",
    "Foreign().cpu": "not known",
    "deep(20000)": "steps|work|large",
    "TOUCHED.cpu": "may change",
    "GIVEN.cpu": "may change",
    "First().cpu": "not known",
    "Second.memory": "not known",
    "Own().cpu": "deep|itself",
    "Loop().next": "deep|steps|work",
}
ODD = """
import threading

class Meta(type):
    pass

class Odd(metaclass=Meta):
    cpu = 1

class Lazy:
    def __getattr__(self, name):
        return 1

class Foreign(threading.Thread):
    cpu = 1

class Changed:
    cpu = 1

Changed.cpu = 2
CHANGED = Plan()
CHANGED.cpu = 3

class Loop:
    def __init__(self):
        self.next = Loop()

TOUCHED = Plan()
TOUCHED.check()
GIVEN = Plan()
register(GIVEN)
SHOWN = Plan()
print(SHOWN)

class First(Second):
    cpu = 1

class Second(First):
    cpu = 2

class Own:
    cpu = cpu

def deep(n):
    made = SMALL
    for _ in range(n):
        made = SimpleNamespace(a=made, b=made)
    return made == SimpleNamespace(a=made, b=1)
"""


PYTHON = types.ModuleType("flow_of_objects")
sys.modules[PYTHON.__name__] = PYTHON  # where `dataclass` looks for it
exec(MODULE, PYTHON.__dict__)


def folded(text: str, folder: Path) -> object:
    (folder / "flow.py").write_text(f"{MODULE}{ODD}\nRESULT = {text}\n")
    sources = Sources(str(folder), "flow.py")
    return Evaluator(Resolver(sources)).constant(sources.main(), "RESULT")


@pytest.mark.parametrize("text", KNOWN)
def test_values_are_those_of_python(text: str, tmp_path: Path) -> None:
    expected = eval(text, PYTHON.__dict__)
    found = folded(text, tmp_path)
    assert found == expected
    assert isinstance(found, type(expected)) or isinstance(expected, tuple)


def test_an_object_that_is_only_printed_is_known(tmp_path: Path) -> None:
    assert folded("SHOWN.cpu", tmp_path) == 1


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_cannot_be_known(text: str, tmp_path: Path) -> None:
    if text == "Size":
        pytest.raises(Unfoldable, folded, "Size + 1", tmp_path)
        return
    with pytest.raises(Unfoldable, match=UNKNOWN[text]):
        folded(text, tmp_path)
