"""A decorator is one file, and so is a check: each is added to a copy of the product that is otherwise unchanged.

Derived files are written as by `make golden`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.product_copy import ProductCopy

SPOT = '''"""`@spot(max_price=None)`: the task may run on a machine that can be taken away."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.runtime_shim.contract.semantics import number

from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"max_price": None}
MULTIPLE = True
WHY = "the task would run on a machine that costs more"
HOW = "remove it, or let the orchestrator choose the machine"


@record
class Spot:
    max_price: float | None


def read(decorator: Decorator) -> Spot:
    """Returns the decorator's values as a record."""
    return Spot(number(decorator.attributes["max_price"]))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    price = read(decorator).max_price
    if price is not None and price <= 0:
        yield value_error(decorator, "max_price", "it must be greater than 0", "write `max_price=0.5`")
'''
FLOW = """from {package} import FlowSpec, spot, step


class Example(FlowSpec):
    @spot(max_price={price})
    @step
    def start(self):
        self.price = 1
        self.next(self.end)

    @spot
    @step
    def end(self):
        print("ran with", spot.__name__)
"""
BUILD = ("-m", "flowc.compiler.decorators._build")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> ProductCopy:
    """The product with a decorator `@spot`."""
    copy = ProductCopy(tmp_path_factory.mktemp("product"))
    copy.add("compiler/decorators/spot.py", SPOT)
    (copy.folder / "flow.py").write_text(FLOW.format(package="metaflow", price=1))
    # not before the shim knows it: no spec is made whose run would fail
    unknown = copy.flowc("check", "flow.py", cwd=copy.folder, code=1)
    assert "FLOW110" in unknown.stdout + unknown.stderr
    stale = copy.python(*BUILD, "--check", cwd=copy.folder, code=1)
    assert (
        "make golden" in stale.stdout
        and "decorator_names is out of date" in stale.stdout
        and "api.decorators is out of date" in stale.stdout
    )
    copy.python(*BUILD, cwd=copy.folder)
    assert copy.python(*BUILD, "--check", cwd=copy.folder).stdout == ""
    return copy


@pytest.mark.parametrize("package", ["metaflow", "flowc"])
def test_a_flow_with_a_new_decorator_is_checked_and_run(product: ProductCopy, package: str, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(package=package, price="'0.5'"))
    assert "FLOW" not in product.flowc("check", "flow.py", cwd=tmp_path).stdout
    run = product.flowc("run", "flow.py", "--store", str(tmp_path / "store"), "--run-id", "r", cwd=tmp_path)
    assert "ran with spot" in run.stdout + run.stderr
    assert "@spot(max_price='0.5')" in product.flowc("show", "flow.py", cwd=tmp_path).stdout


def test_its_own_check_refuses_a_value(product: ProductCopy, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(package="metaflow", price=-1))
    done = product.flowc("check", "flow.py", cwd=tmp_path, code=1)
    assert "FLOW121" in done.stdout + done.stderr and "it must be greater than 0" in done.stdout + done.stderr


def test_it_can_come_from_the_command_line(product: ProductCopy, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(package="metaflow", price=1))
    # it is MULTIPLE
    assert (
        product.flowc("show", "flow.py", "--with", "spot:max_price=3", cwd=tmp_path).stdout.count("@spot(max_price=3)")
        == 2
    )


@pytest.mark.parametrize("target", ["argo", "step-functions", "airflow"])
def test_a_target_that_does_not_honour_it_says_so(product: ProductCopy, target: str, tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW.format(package="metaflow", price=1))
    options = ("--target", target, "--store", "s3://bucket/prefix", "--output", "specs")
    done = product.flowc("compile", "flow.py", *options, cwd=tmp_path, code=1)
    printed = done.stdout + done.stderr
    assert (
        "FLOW501" in printed and "`@spot`" in printed and "costs more" in printed and not (tmp_path / "specs").exists()
    )


def test_a_container_knows_it(product: ProductCopy, tmp_path: Path) -> None:
    """The bundle of a container has no compiler."""
    product.python("-m", "flowc.runtime_bundle", str(tmp_path / "bundle"), cwd=tmp_path)
    assert not (tmp_path / "bundle/flowc/compiler").exists()
    script = f"""if True:
        import sys
        sys.path.insert(0, {str(tmp_path / "bundle")!r})
        import flowc
        assert flowc.__file__.startswith({str(tmp_path)!r})
        from flowc.runtime_shim.api import metaflow_alias
        metaflow_alias.install()
        from metaflow import spot
        from flowc import spot as same
        from flowc.runtime_shim.contract.decorator_names import MULTIPLE
        assert spot is same and "spot" in MULTIPLE
    """
    product.python("-c", script, cwd=tmp_path)


def test_its_page_is_written(product: ProductCopy, tmp_path: Path) -> None:
    text = product.python(
        "-c", "from tests.support.decorator_page import document; print(document())", cwd=tmp_path
    ).stdout
    assert "## `@spot`" in text and "may run on a machine that can be taken away" in text


CHECK = '''"""FLOW290: a step named for a colour.

A colour says nothing about what a step does.

Example:

    @step
    def start(self):
        self.next(self.red)

    @step
    def red(self):
        self.next(self.end)

Use instead:

    @step
    def start(self):
        self.next(self.train)

    @step
    def train(self):
        self.next(self.end)
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.compiler.read.reading import Reading
from flowc.compiler.report.diagnostics import Diagnostic


def check(reading: Reading) -> Iterator[Diagnostic]:
    for step in reading.flow.steps:
        if step.name == "red":
            yield Diagnostic("FLOW290", f"step `{step.name}` is named for a colour", step.span, "nobody can guess what it does", "name what it does")
'''
RED = (
    FLOW.replace("spot, ", "")
    .replace("    @spot(max_price={price})\n", "")
    .replace("    @spot\n", "")
    .replace("self.end", "self.red")
)
RED = RED.replace('print("ran with", spot.__name__)', "pass").replace(
    "def end(self):", "def red(self):\n        self.next(self.end)\n\n    @step\n    def end(self):"
)


def test_a_new_check_is_found(tmp_path: Path) -> None:
    copy = ProductCopy(tmp_path / "product")
    (tmp_path / "flow.py").write_text(RED.format(package="metaflow"))
    assert "FLOW290" not in copy.flowc("check", "flow.py", cwd=tmp_path).stdout
    copy.add("compiler/checks/colours.py", CHECK)
    done = copy.flowc("check", "flow.py", cwd=tmp_path, code=1)
    assert "FLOW290" in done.stdout + done.stderr and "named for a colour" in done.stdout + done.stderr
    assert "A colour says nothing" in copy.flowc("explain", "FLOW290", cwd=tmp_path).stdout
    assert "a step named for a colour" in copy.flowc("explain", cwd=tmp_path).stdout
    script = "from tests.support.diagnostic_pages import documents; print(*(f'{path.name}\\n{text}' for path, text in documents().items()))"
    pages = copy.python("-c", script, cwd=tmp_path).stdout
    assert "[FLOW290](diagnostics/FLOW290.md) | a step named for a colour" in pages and "FLOW290.md\n# FLOW290" in pages
