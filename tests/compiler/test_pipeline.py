"""The pipeline: loading a flow from start to end."""

from __future__ import annotations

import ast
import contextlib
import gc
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flowc.compiler import passes, pipeline
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir.json_form import to_json
from flowc.compiler.pipeline import BrokenPass, load

from tests.golden.regenerate import FLOWS


def test_a_pass_that_breaks_the_ir_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaking(now: passes.Compile) -> passes.Result:
        now, diagnostics = passes.options(now)
        start, *others = now.analysis.flow.steps
        flow = replace(now.analysis.flow, steps=(replace(start, reads=("b", "a")), *others))
        return replace(now, analysis=replace(now.analysis, flow=flow)), diagnostics

    path = str(FLOWS["branches"])
    load(path, debug=True)
    monkeypatch.setattr(
        pipeline, "PASSES", tuple(breaking if one_pass is passes.options else one_pass for one_pass in passes.PASSES)
    )
    with pytest.raises(
        BrokenPass, match=r"^pass `breaking` left an invalid IR: step 'start': what it reads is not sorted"
    ):
        load(path, debug=True)
    load(path, debug=False)


def test_threads_that_load_at_the_same_time() -> None:
    """Python's parser fails with "AST constructor recursion depth mismatch" if several build a tree at once."""
    paths = [str(FLOWS[name]) for name in ("branches", "foreach", "switch", "nested_foreach")]
    expected = [text(path) for path in paths]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        # others' turn, as in a profiler's callback, or Hypothesis's
        with collected_often(lambda: time.sleep(0)), ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(text, paths * 5))
    finally:
        sys.setswitchinterval(interval)
    assert texts == expected * 5


def test_other_code_that_parses_in_the_middle_of_ours() -> None:
    """A thread outside flowc's lock, such as Hypothesis's, makes the parser fail as above. It is called again."""
    path = str(FLOWS["nested_foreach"])
    expected, left = text(path), 3

    def parse() -> None:
        nonlocal left
        if left:
            left -= 1
            with contextlib.suppress(SystemError):
                ast.parse("x = (1, [2])")

    with collected_often(parse):
        assert text(path) == expected
    assert not left


@contextlib.contextmanager
def collected_often(callback: Callable[[], object]) -> Iterator[None]:
    """Calls back when the garbage collector begins: the only moment at which Python's parser lets other code run."""
    threshold = gc.get_threshold()
    hook = lambda phase, _: callback() if phase == "start" else None  # noqa: E731
    gc.callbacks.append(hook)
    gc.set_threshold(100)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(hook)


def text(path: str) -> str:
    program = load(path)
    return to_json(program.flow, program.scope)
