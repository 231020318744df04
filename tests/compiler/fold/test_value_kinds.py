"""The kinds of values that expressions show.

Those that count as unsaved cannot be pickled, on the Python of the tests.
"""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path
from typing import Any

import pytest
from flowc.compiler.checks.artifacts import UNSAVED_NAMES
from flowc.compiler.dataflow.effects.records import Definition
from flowc.compiler.fold import value_kinds
from flowc.compiler.names.resolver import Resolver
from flowc.compiler.source.sources import Sources

MODULE = """
import threading
import numpy as np
from threading import Lock as Mutex
from collections import defaultdict

def generate():
    yield 1

def function():
    return 1

value = {}
"""
KINDS = [
    ("{1, 2}", value_kinds.SET), ("{n for n in x}", value_kinds.SET), ("set(x)", value_kinds.SET), ("set(x) - y", value_kinds.SET), ("(frozenset())", value_kinds.SET),
    ("{1} if x else {2}", value_kinds.SET), ("{1} if x else [2]", ""), ("set(x).union(y)", value_kinds.SET), ("sorted({1})", ""), ("x - {1}", ""),
    ("{}", value_kinds.DICT), ("{n: n for n in x}", value_kinds.DICT), ("dict(a=1)", value_kinds.DICT), ("defaultdict(list)", value_kinds.DICT),
    ("(n for n in x)", value_kinds.GENERATOR), ("generate()", value_kinds.GENERATOR), ("function()", ""), ("map(str, x)", value_kinds.ITERATOR),
    ("lambda: 0", value_kinds.FUNCTION), ("function", value_kinds.FUNCTION), ("np", value_kinds.MODULE), ("np.pi", ""), ("x", ""),
    ("{}.keys()", value_kinds.VIEW), ("x.keys()", ""), ("list({}.keys())", ""),
]  # fmt: skip
UNSAVED = [
    ("Mutex()", "a lock"),
    ("threading.Lock()", "a lock"),
    ("open('x')", "an open file"),
    ("open('x').read()", ""),
    ("x.Lock()", ""),
]
MADE: dict[str, tuple[Any, ...] | None] = {
    "open": ("/dev/null",), "io.open": ("/dev/null",), "gzip.open": ("FILE", "wb"), "bz2.open": ("FILE", "wb"), "lzma.open": ("FILE", "wb"),
    "codecs.open": ("/dev/null",), "os.popen": ("true",), "os.fdopen": None, "zipfile.ZipFile": ("FILE", "w"), "tarfile.open": ("FILE", "w"),
    "threading.Barrier": (1,), "threading.Timer": (1, print), "multiprocessing.Pool": None, "multiprocessing.Manager": None,
    "subprocess.Popen": (["true"],), "socket.create_connection": None, "sqlite3.connect": (":memory:",), "csv.reader": ([],), "csv.DictReader": ([],),
    "csv.writer": None, "csv.DictWriter": None, "weakref.ref": (set,), "contextvars.ContextVar": ("x",), "memoryview": (b"x",),
    "mmap.mmap": (-1, 10), "os.scandir": ("/",),
}  # fmt: skip


def definition(text: str, folder: Path) -> tuple[Resolver, Definition]:
    (folder / "m.py").write_text(f"{MODULE}made = {text}\n")
    sources = Sources(str(folder), "m.py")
    module = sources.main()
    return Resolver(sources), Definition(module, module.assigned["made"][0], {}, {"x"})


@pytest.mark.parametrize(("text", "kind"), KINDS, ids=[text for text, _ in KINDS])
def test_kind(text: str, kind: str, tmp_path: Path) -> None:
    assert value_kinds.kind(*definition(text, tmp_path)) == kind


@pytest.mark.parametrize(("text", "kind"), UNSAVED, ids=[text for text, _ in UNSAVED])
def test_unsaved(text: str, kind: str, tmp_path: Path) -> None:
    assert value_kinds.unsaved(*definition(text, tmp_path)) == kind


def standard() -> list[str]:
    """Returns Python's own kinds that count as unsaved and can be made without any preparation."""
    names = [
        name for name in value_kinds.UNSAVED if not name.startswith(("psycopg", "pymysql", "mysql", "duckdb", "boto3"))
    ]
    return [name for name in names if MADE.get(name, ()) is not None]


def test_checks_know_the_names() -> None:
    """Otherwise the check would not be imported for them."""
    assert {name.rpartition(".")[2] for name in value_kinds.UNSAVED} <= UNSAVED_NAMES


@pytest.mark.parametrize("name", standard())
def test_what_is_not_saved_cannot_be_pickled(name: str, tmp_path: Path) -> None:
    top, _, rest = name.rpartition(".")
    function = getattr(importlib.import_module(top or "builtins"), rest)
    value = function(*[str(tmp_path / "file") if argument == "FILE" else argument for argument in MADE.get(name) or ()])
    with pytest.raises((TypeError, pickle.PicklingError, RuntimeError, AttributeError)):
        pickle.dumps(value, 5)
    for end in ("close", "wait", "shutdown"):
        if hasattr(value, end) and name != "threading.Barrier" and not name.startswith("threading"):
            getattr(value, end)()
            break
