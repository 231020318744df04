"""The compiler's front door."""

from __future__ import annotations

import gc
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from flowc.compiler.ir_json import to_json
from flowc.compiler.pipeline import load

from tests.golden.regenerate import FLOWS


def test_threads_that_load_at_the_same_time() -> None:
    """Python's parser fails with "AST constructor recursion depth mismatch" if several build a tree at once."""
    paths = [str(FLOWS[name]) for name in ("branches", "foreach", "switch", "nested_foreach")]
    expected = [text(each) for each in paths]
    interval, threshold = sys.getswitchinterval(), gc.get_threshold()
    let_others = lambda *_: time.sleep(0)  # noqa: E731
    gc.callbacks.append(let_others)  # as that of a profiler, or of Hypothesis: the only moment at which the parser lets other threads run
    sys.setswitchinterval(1e-6)
    gc.set_threshold(100)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(text, paths * 5))
    finally:
        gc.set_threshold(*threshold)
        sys.setswitchinterval(interval)
        gc.callbacks.remove(let_others)
    assert found == expected * 5


def text(path: str) -> str:
    program = load(path)
    return to_json(program.flow, program.scope)
