"""Folding: every value equals Python's, values that differ between runs are refused, hostile code takes little time."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from typing import Any

import pytest
from flowc.compiler.fold.budget import Unfoldable
from flowc.compiler.fold.expressions import fold
from flowc.compiler.ir.json_form import to_json
from flowc.compiler.options.compile_inputs import CompileOptions
from flowc.compiler.pipeline import load
from flowc.compiler.report.diagnostics import Refused

NAMES = {"n": 3, "s": "text", "xs": [3, 1, 2], "d": {"a": 1, "b": [2]}, "big": list(range(1000))}

SAME_AS_PYTHON = """
1 if n > 2 else 0
f"{n:03d}-{s!r:>8}-{n / 2:.2f}-{xs}"
"%s and %05.1f of %(no)s" % 1 if False else "%s-%d-%5.1f%%" % (s, n, 2.5)
"%(a)s" % {"a": 1}
"{} {1} {a[0]} {b!r:>6}".format(1, 2, a=[3], b="x") if False else "{0} {1} {a[0]} {b!r:>6}".format(1, 2, a=[3], b="x")
"{:>{width}}".format("x", width=5)
"{}-{}".format(1, 2)
s.upper() + s.title().center(10, "*") + s.zfill(9) + s.replace("t", "__")
",".join(str(each) for each in xs)
s.partition("x"), s.split("e"), "a\\nb".splitlines(), s.encode().hex(), s.find("x"), s.startswith(("t", "u"))
[each * 2 for each in range(n) if each != 1]
[(a, b) for a in range(2) for b in range(a + 1)]
{each: len(each) for each in ("a", "bb")}
sorted({each % 3 for each in range(9)})
sorted(xs), sorted(xs, reverse=True), sorted(["bb", "a"], key=len), sorted(xs, key=lambda each: -each)
max(xs), min(d), max(xs, key=lambda each: each % 3), sum(xs), sum([[1], [2]], [])
list(map(lambda each: each + n, xs)), list(filter(None, [0, 1])), list(zip(xs, "abc")), list(enumerate("ab", 1)), list(reversed(xs))
dict(z=1, **d), dict([("k", 1)]), {**d, "c": n}, dict.fromkeys("ab", 0), dict(zip("ab", xs))
d["b"][0], s[1:3], s[::-1], xs[-1], d.get("z", n), list(d.items()), list(d), len(d)
{1, 2} | {3}, {1, 2} & {2}, {1, 2} - {1}, {1}.union([2]), 2 in {1, 2}, set() == frozenset()
n ** 2, 2 ** 0.5, 7 // 2, -7 % 3, 1 << 4, ~n, round(2.567, 1), divmod(7, 2), abs(-n), int("12"), float("1e3"), bool(""), hex(255)
1 < n <= 3, n is None, not n, n or 0, n and 0, "x" in s, n not in xs
isinstance(n, int), isinstance(s, (int, str)), isinstance(d, list)
(lambda a, b=2: a + b)(1)
[*xs, *range(2)], (*xs,), [*"ab"]
json.loads('{"a": [1, null]}'), json.dumps({"b": 1, "a": [True]}, sort_keys=True), json.dumps([1], indent=2)
os.path.join("a", "b", "c"), os.path.dirname("a/b/c"), os.path.basename("a/b.c"), os.path.splitext("a/b.c")
textwrap.dedent("  a\\n    b"), timedelta(hours=1, minutes=30).total_seconds(), (timedelta(days=1) / 2).total_seconds()
math.ceil(1.2), math.floor(-1.2), math.prod([2, 3]), string.digits
any(each > 2 for each in xs), all([]), "".join([]), repr([1, "a"]), str({"a": (1,)}), bytes([1]) if False else b"ab".decode()
[a for a, *b in [(1, 2, 3)]], [b for a, *b in [(1, 2, 3)]]
"""


def names(name: str) -> Any:
    from flowc.compiler.fold.values import Library

    if name in NAMES:
        return NAMES[name]
    libraries = {"timedelta": "datetime.timedelta", "string.digits": None}
    if name == "string.digits":
        return "0123456789"
    top = name.partition(".")[0]
    if name in libraries:
        return Library(str(libraries[name]))
    if top in ("json", "os", "textwrap", "math", "dict") and "." in name:
        return Library(name)
    raise KeyError(name)


@pytest.mark.parametrize(
    "text",
    ["0", "7", "2000", "999999999", "12345678901234567890", "''", '""', "'a'", '"two words"', "'é'", "'a\\n'", "'a' 'b'",
     "'it\\'s'", '"""a"""', "'a' + 'b'", "'{}'", "'#'", "'('"],
)  # fmt: skip
def test_a_plain_literal_is_what_the_parser_says(text: str) -> None:
    assert repr(fold(text, NAMES.__getitem__)) == repr(ast.literal_eval(text) if "+" not in text else "ab")


@pytest.mark.parametrize("text", ["01", "1_", "'", "'a", "'a'b'", "²", "'a\nb'"])
def test_what_only_looks_like_a_literal_is_refused(text: str) -> None:
    with pytest.raises(Unfoldable):
        fold(text, NAMES.__getitem__)


@pytest.mark.parametrize("text", SAME_AS_PYTHON.strip().splitlines())
def test_the_same_as_python(text: str) -> None:
    import json
    import math
    import os
    import string
    import textwrap
    from datetime import timedelta

    scope = {
        **NAMES,
        "json": json,
        "math": math,
        "os": os,
        "string": string,
        "textwrap": textwrap,
        "timedelta": timedelta,
    }
    assert fold(text, names) == eval(text, scope)


UNKNOWN = """
unknown
open("x")
s.nope()
__import__("os")
().__class__
s.__class__.__mro__
lambda: 1
f"{s.__class__}"
"{0.__class__}".format(1)
"{a.b}".format(a={})
[x for x in {"b", "a"}]
list({"a", "b"})
",".join({"a", "b"})
str({"a", "b"})
f"{ {'a', 'b'} }"
"%s" % ({"a", "b"},)
repr([{1, 2}])
sorted({"bb", "a"}, key=len)
1 / 0
xs[10]
d["nope"]
"%d" % "x"
int("x")
os.path.abspath("x")
os.environ["HOME"]
hash("a")
id(1)
(yield)
(x := 1)
...
eval("1")
"""


@pytest.mark.parametrize("text", UNKNOWN.strip().splitlines())
def test_what_cannot_be_known(text: str) -> None:
    with pytest.raises(Unfoldable):
        fold_plain(text)


def fold_plain(text: str) -> Any:
    from flowc.compiler.read.arguments import plain

    return plain(fold(text, names))


HOSTILE = [
    "9 ** 9 ** 9", "2 ** 100000", "10 ** 5000", "1 << 10 ** 9", "'x' * 10 ** 9", "[0] * 10 ** 9", "(0,) * 10 ** 9", "10 ** 9 * 'x'",
    "[[[[0] * 1000] * 1000] * 1000] * 1000", "f'{1:>{10 ** 9}}'", "f'{1:999999999}'", "'{:999999999}'.format(1)", "'%999999999d' % 1",
    "'%*d' % (10 ** 9, 1)", "'{:{}}'.format(1, 10 ** 9)", "'%s' * 60000 % tuple(['x' * 1000] * 60000)", "'x'.zfill(10 ** 9)", "'x'.center(10 ** 9)",
    "'\\t'.expandtabs(10 ** 9)", "('x' * 1000000).replace('x', 'y' * 1000000)", "('x' * 1000000).join(['y'] * 60000)", "range(10 ** 12)",
    "list(range(10 ** 9))", "[x for x in range(60000) for y in range(60000)]", "sum(x for x in range(60000) for y in range(60000))",
    "[[[x for x in range(300)] for y in range(300)] for z in range(300)]", "round(1, -10 ** 9)", "int('1' * 1000000)", "str(10 ** 100000)",
    "{(2 ** 61 - 1) * each for each in range(60000)}", "{(2 ** 61 - 1) * each: 1 for each in range(60000)}",
    "set([(2 ** 61 - 1) * each for each in range(30000)])", "dict.fromkeys([(-1 if each & (1 << bit) else -2 for bit in range(16)) for each in range(60000)])",
    "sum([[x] for x in range(60000)], [])", "sorted([str(x) * 10 for x in range(60000)])", "[big == big for x in range(60000)]",
    "[big in [big] for x in range(60000)]", "max([big] * 60000)", "json.dumps([big] * 1000)", "json.dumps([1], indent=10 ** 9)",
    "json.loads('[' * 100000)", "repr([[[[big] * 100] * 100] * 100])", "[str(big) for x in range(60000)]", "(lambda f: f(f))(lambda f: f(f))",
    "[(lambda x: x * x)(x) for x in range(60000)]", "sorted(range(60000), key=lambda x: [y for y in range(1000)])", "'a' * 1000000 in 'b' * 1000000",
    "[('a' * 100000).find('b') for x in range(60000)]", "[('a' * 100000).count('a') for x in range(60000)]", "('a,' * 500000).split(',')",
    "[('a,' * 30000).split(',') for x in range(60000)]", "-" * 5000 + "1", "(" * 300 + ")" * 300, "+".join(["1"] * 20000), "[" * 500 + "]" * 500,
    "'" + "x" * 100 + "'" + "[0]" * 3000, "not " * 3000 + "1", " if 1 else ".join(["1"] * 3000), "math.prod([10 ** 100] * 60000)",
    "[list(zip(*([big] * 60))) for x in range(60000)]", "itertools.product(*([[0, 1]] * 60))", "bytes(10 ** 9)", "slice(0, 10 ** 9)",
    "b'x' * 10 ** 9", "'x'.encode('utf-16') * 10 ** 9", "f'{f\"{big}\" * 1000}'", "{x: big for x in range(60000)}", "1e308 * 10 ** 400", "len('x' * 10 ** 10)",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:40] for text in HOSTILE])
def test_hostile_expressions_end(text: str) -> None:
    started = time.process_time()
    try:
        fold_plain(text)
    except Unfoldable:
        pass
    assert time.process_time() - started < 20, "of the processor; without a limit it would be hours"


HOSTILE_FUNCTIONS = [
    "while True:\n        pass", "x = []\n    while True:\n        x.append(x)", "x = []\n    for i in range(60):\n        x = [x, x]\n    return str(x)",
    "x = 'a'\n    while True:\n        x = x + x", "return f()", "x = {}\n    while True:\n        x[len(x)] = x", "for i in range(60000):\n        for j in range(60000):\n            pass",
    "x = []\n    x.append(x)\n    return str(x)", "x = 3\n    while True:\n        x = x * x",
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE_FUNCTIONS)
def test_hostile_functions_end(body: str, tmp_path: Path) -> None:
    started = time.process_time()
    with pytest.raises(Refused, match="FLOW120"):
        attribute(tmp_path, "f()", f"def f():\n    {body}\n")
    assert time.process_time() - started < 20


# ── names of the flow's own modules ──────────────────────────────────────────────────────────────────────────────────────────────


def attribute(
    folder: Path,
    written: str,
    top: str = "",
    options: CompileOptions | None = None,
    inside: str = "",
    files: Any = None,
) -> Any:
    """Returns the folded value of an attribute, in a flow with the given lines above and in the class, and modules."""
    for name, text in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    body = "".join(f"    {line}\n" for line in inside.splitlines())
    (folder / "flow.py").write_text(
        f"import os\nimport enum\nfrom metaflow import *\n{top}\nclass MyFlow(FlowSpec):\n{body}    @environment(vars={{'A': {written}}})\n    @step\n"
        "    def end(self):\n        pass\n"
    )
    flow = load(str(folder / "flow.py"), options=options or CompileOptions()).flow
    variables = flow.steps[0].decorators[0].attributes["vars"]
    assert isinstance(variables, dict)
    return variables["A"]


@pytest.mark.parametrize(
    ("written", "top", "inside", "expected"),
    [
        ("N", "N = 3", "", 3),
        ("A + B", "A, B = 1, 2", "", 3),
        ("A", "A = B = 'x'", "", "x"),
        ("N", "N: int = 3", "", 3),
        ("n", "", "n = 4", 4),
        ("m", "", "n = 4\nm = n * 2", 8),
        ("Limits.CPU", "class Limits:\n    CPU = 2\n", "", 2),
        ("Limits.Inner.CPU", "class Limits:\n    class Inner:\n        CPU = 2\n", "", 2),
        ("Limits.BOTH", "class Limits:\n    CPU = 2\n    BOTH = CPU + 1\n", "", 3),
        ("Colour.RED.value", "class Colour(enum.Enum):\n    RED = 'red'\n", "", "red"),
        ("Colour.RED.name", "class Colour(enum.Enum):\n    RED = 'red'\n", "", "RED"),
        ("double(2)", "def double(x):\n    '''Twice.'''\n    return x * 2\n", "", 4),
        ("outer(2)", "def inner(x, y=1):\n    return x + y\ndef outer(x):\n    z = inner(x)\n    return inner(z, y=z)\n", "", 6),
        ("choose('b')", "def choose(k):\n    if k == 'a':\n        return 1\n    elif k == 'b':\n        return 2\n    return 3\n", "", 2),
        ("total([1, 2, 3])", "def total(xs):\n    t = 0\n    for x in xs:\n        if x == 2:\n            continue\n        t += x\n    return t\n", "", 4),
        ("len(made())", "def made():\n    d = {'x': []}\n    d['x'].append(1)\n    d['y'] = 2\n    d.update(z=3) if False else None\n    return d\n", "", 2),
        ("alias()", "def alias():\n    a = []\n    b = a\n    a.append(1)\n    return len(b)\n", "", 1),
        ("double(3)", "double = lambda x: x * 2\n", "", 6),
        ("late()", "def late():\n    return [f() for f in [lambda: i for i in range(3)]]\n", "", None),
    ],
)  # fmt: skip
def test_names(written: str, top: str, inside: str, expected: Any, tmp_path: Path) -> None:
    if expected is None:
        with pytest.raises(Refused):
            attribute(tmp_path, written, top, inside=inside)
    else:
        assert attribute(tmp_path, written, top, inside=inside) == expected


INSIDE = """def at_least():
    import sys
    return "new" if sys.version_info[0] >= 3 and sys.version_info.major == 3 else "old"
"""


@pytest.mark.parametrize(
    ("written", "top", "expected"),
    [
        ("platform.python_version_tuple()[0]", "import platform", "3"),
        ("'py' + v()[0]", "from platform import python_version_tuple as v", "py3"),
        ("sys.version_info.major + sys.version_info[0]", "import sys", 6),
        ("at_least()", INSIDE, "new"),
    ],
)
def test_of_the_python_that_runs_the_flow_it_is_known_that_it_is_a_python_3(
    written: str, top: str, expected: object, tmp_path: Path
) -> None:
    assert attribute(tmp_path, written, top) == expected


@pytest.mark.parametrize(
    "written", ["str(version)", "version", "version >= (3, 8)", "'.'.join(v()[:2])", "f'{v()[1]}'", "{8: 1}[version[1]]", "version[1] or 1",
                "version[1] in (8, 9)", "sorted(v())", "json.dumps(version)", "'%s' % version[1]", "'{}'.format(version)", "version.minor"],
)  # fmt: skip
def test_and_nothing_else_of_it(written: str, tmp_path: Path) -> None:
    top = "import json\nfrom sys import version_info as version\nfrom platform import python_version_tuple as v"
    with pytest.raises(Refused) as refused:
        attribute(tmp_path, written, top)
    assert [diagnostic.code for diagnostic in refused.value.diagnostics] == ["FLOW120"]


def test_modules(tmp_path: Path) -> None:
    files = {
        "limits.py": "CPU = 2\n_HIDDEN = 1\nOTHER = 5\n__all__ = ['CPU']\n", "pkg/__init__.py": "from .deep import NAME\nTOP = 1\n",
        "pkg/deep.py": "from . import sub\nfrom .sub import VALUE as V\nNAME = f'n{V}'\n", "pkg/sub/__init__.py": "VALUE = 7\n",
    }  # fmt: skip
    assert attribute(tmp_path, "CPU", "from limits import *", files=files) == 2
    assert (
        attribute(
            tmp_path, "pkg.NAME + str(L.CPU) + V", "import pkg\nimport limits as L\nfrom pkg.deep import NAME as V"
        )
        == "n72n7"
    )
    with pytest.raises(Refused, match="OTHER"):
        attribute(tmp_path, "OTHER", "from limits import *")


@pytest.mark.parametrize(
    "top",
    [
        "N = 1\nN = 2", "N = 1\nN += 1", "if os.name == 'x':\n    N = 1\nelse:\n    N = 2", "for N in range(3):\n    pass", "N = 0\nfor i in range(3):\n    N = i",
        "N = []\nN.append(1)", "N = {}\nN['a'] = 1", "N = 1\ndef f():\n    global N\n    N = 2", "N = 1\ndel N", "N = N", "N = M\nM = N", "N, M = f()",
        "N = [1]\nN[0] = 2", "N = 1\nwhile N:\n    N = 0",
    ],
)  # fmt: skip
def test_what_is_bound_or_changed_twice_is_not_known(top: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FLOW120"):
        attribute(tmp_path, "N", top)


def test_a_changed_collection_of_the_class(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FLOW120"):
        attribute(tmp_path, "xs[0]", inside="xs = [1]\nxs.insert(0, 2)")


# ── --set and --env ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "top", "name"),
    [
        ("N", "N = f()", "N"), ("N", "N = 1\nN = 2", "flow.N"), ("N + 0", "from elsewhere import N", "N"), ("cores()", "from elsewhere import cores", "cores()"),
        ("int(cores(2, mode='a'))", "from elsewhere import cores", "cores(2, mode='a')"), ("settings.cpu", "from elsewhere import settings", "settings.cpu"),
        ("Limits.CPU", "class Limits:\n    CPU = f()\n", "Limits.CPU"),
    ],
)  # fmt: skip
def test_set(written: str, top: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FLOW120"):
        attribute(tmp_path, written, top)
    assert attribute(tmp_path, written, top, CompileOptions(values=((name, 4),))) == 4
    assert attribute(tmp_path, "n", inside="n = f()", options=CompileOptions(values=(("MyFlow.n", 5),))) == 5


def test_set_changes_nothing_that_is_known(tmp_path: Path) -> None:
    options = CompileOptions(values=(("N", 4), ("M", 1)))
    assert attribute(tmp_path, "N", "N = 3", options) == 3
    loaded = load(str(tmp_path / "flow.py"), options=options)
    assert [diagnostic.code for diagnostic in loaded.diagnostics] == ["FLOW145", "FLOW145"] and loaded.flow.inputs == ()


@pytest.mark.parametrize(
    "written", ["os.environ['A']", "os.getenv('A')", "os.environ.get('A', None)", "'yes' if 'A' in os.environ else 'no'", "A", "(os.environ['A'] or 'no')"]
)  # fmt: skip
def test_env(written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "of this machine")
    top = "A = os.environ.get('A')"
    with pytest.raises(Refused, match="FLOW120") as refused:
        attribute(tmp_path, written, top)
    assert "--env A=VALUE" in refused.value.diagnostics[0].why
    options = CompileOptions(variables=(("A", "yes"),))
    assert attribute(tmp_path, written, top, options) == "yes"
    loaded = load(str(tmp_path / "flow.py"), options=options)
    assert [(entry.kind, entry.name, entry.value) for entry in loaded.flow.inputs] == [("env", "A", "yes")]
    assert to_json(loaded.flow, loaded.scope) == to_json(
        *(lambda one: (one.flow, one.scope))(load(str(tmp_path / "flow.py"), options=options))
    )


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("os.environ.get('A', 'no')", "no"), ("os.getenv('A', default='no')", "no"), ("os.getenv('A') or 'no'", "no"), ("A or 'no'", "no"),
        ("os.getenv('A') or os.getenv('B', 'no')", "no"), ("int(os.getenv('A', '3')) + 1", 4), ("f\"{os.getenv('A', '')}-x\"", "-x"),
    ],
)  # fmt: skip
def test_a_default_counts_for_a_variable_that_is_not_given(
    written: str, value: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A", "of this machine")
    top = "A = os.environ.get('A')"
    assert attribute(tmp_path, written, top) == value
    loaded = load(str(tmp_path / "flow.py"))
    assert [diagnostic.code for diagnostic in loaded.diagnostics] == ["FLOW147"] and loaded.flow.inputs == ()
    assert "`A`" in loaded.diagnostics[0].what
    options = CompileOptions(variables=(("A", "7"),))
    assert attribute(tmp_path, written, top, options) != value
    assert "`A`" not in "".join(
        diagnostic.what for diagnostic in load(str(tmp_path / "flow.py"), options=options).diagnostics
    )


HELPERS = """
def truth(value): return "yes" if value else "no"
def same(value): return value
def last(*values): return values[-1]
def negated(value=os.getenv("A")): return "no" if not value else "yes"
def compared(value, other="x"): return "no" if value is None or other is None else "yes"
def through(value): return truth(value)
def filled(value): return value or "no"
"""


@pytest.mark.parametrize(
    "written",
    [
        "'yes' if os.getenv('A') else 'no'", "truth(os.getenv('A'))", "truth(value=os.environ.get('A'))", "negated()",
        "compared(os.getenv('A'), other=os.getenv('B'))", "through(os.getenv('A'))", "filled(os.getenv('A'))",
        "(os.getenv('A') and 'yes') or 'no'", "(lambda v: 'yes' if v else 'no')(os.getenv('A'))",
    ],
)  # fmt: skip
def test_a_variable_that_only_chooses_counts_as_not_set(
    written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A", "of this machine")
    assert attribute(tmp_path, written, HELPERS) == "no"
    loaded = load(str(tmp_path / "flow.py"))
    assert [diagnostic.code for diagnostic in loaded.diagnostics] == ["FLOW147"]
    given = CompileOptions(variables=(("A", "yes"), ("B", "yes")))
    assert attribute(tmp_path, written, HELPERS, given) == "yes"


@pytest.mark.parametrize(
    "written",
    ["same(os.getenv('A'))", "last(1, os.getenv('A'))", "truth(int(os.getenv('A')))", "[same(os.getenv('A'))]"],
)
def test_a_variable_whose_value_a_helper_needs_must_be_given(written: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="FLOW120") as refused:
        attribute(tmp_path, written, HELPERS)
    assert "--env A=VALUE" in refused.value.diagnostics[0].why


def test_what_is_set_comes_before_a_default(tmp_path: Path) -> None:
    written = "os.environ.get('A', 'no')"
    assert attribute(tmp_path, written, options=CompileOptions(values=((written, "set"),))) == "set"
    assert not load(str(tmp_path / "flow.py"), options=CompileOptions(values=((written, "set"),))).diagnostics


def test_a_default_says_nothing_about_the_environment_of_a_task(tmp_path: Path) -> None:
    """The script that a step starts depends on the container's variables, not on the default when compiling."""
    (tmp_path / "a.py").write_text("")
    (tmp_path / "b.py").write_text("")
    (tmp_path / "flow.py").write_text(
        "import importlib, os\nfrom metaflow import FlowSpec, step\nNAME = os.getenv('A', 'a')\nclass F(FlowSpec):\n"
        "    @step\n    def start(self):\n        self.m = importlib.import_module(NAME).__name__\n        self.next(self.end)\n"
        "    @step\n    def end(self):\n        pass\n"
    )
    assert [diagnostic.code for diagnostic in load(str(tmp_path / "flow.py")).diagnostics] == ["FLOW157"]


def test_a_whole_environment_knows_what_is_not_there(tmp_path: Path) -> None:
    options = CompileOptions(variables=(("B", "x"),), whole_environment=True)
    assert attribute(tmp_path, "os.environ.get('A', 'no')", options=options) == "no"
