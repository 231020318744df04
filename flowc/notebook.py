"""`NBRunner`: runs of a flow that is defined in a notebook's cell (Metaflow's documentation, Running flows in notebooks)."""

from __future__ import annotations

import ast
import os
import tempfile
from collections.abc import Iterator
from importlib.util import cache_from_source
from typing import Any

from .runner import ExecutingRun, Runner

_OURS = frozenset(("NBRunner", "NBDeployer", "get_ipython"))


class NBRunnerInitializationError(Exception):
    """The flow's cell cannot be found: not in a notebook, or not the cell that defines the flow."""


class NBRunner:
    """Used in the cell that defines the flow, on its last line: `NBRunner(MyFlow).nbrun(alpha=5)`.

    The cell up to the end of the flow's class becomes a file beside the notebook, until `cleanup`. What follows the class is no part of it.
    """

    def __init__(
        self, flow: type, show_output: bool = True, profile: str | None = None, env: dict[str, str] | None = None, base_dir: str | None = None,
        file_read_timeout: int = 3600, **kwargs: Any,
    ) -> None:  # fmt: skip
        """`base_dir`: where the file is written and run; by default the current folder. Raises NBRunnerInitializationError."""
        source = flow_source(_cell(), flow.__name__)
        self.flow = flow
        self.base_dir = base_dir or os.getcwd()
        descriptor, self.flow_file = tempfile.mkstemp(prefix=flow.__name__, suffix=".py", dir=self.base_dir)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(source)
        self.runner = Runner(self.flow_file, show_output, profile, env, self.base_dir, file_read_timeout, **kwargs)

    def nbrun(self, **kwargs: Any) -> Any:
        """Runs the flow to its end, cleans up, and returns the client's `Run`."""
        return self._once(self.runner.run, kwargs)

    def nbresume(self, **kwargs: Any) -> Any:
        return self._once(self.runner.resume, kwargs)

    def run(self, **kwargs: Any) -> ExecutingRun:
        """As `Runner.run`."""
        return self.runner.run(**kwargs)

    def resume(self, **kwargs: Any) -> ExecutingRun:
        return self.runner.resume(**kwargs)

    async def async_run(self, **kwargs: Any) -> ExecutingRun:
        return await self.runner.async_run(**kwargs)

    async def async_resume(self, **kwargs: Any) -> ExecutingRun:
        return await self.runner.async_resume(**kwargs)

    def cleanup(self) -> None:
        """Ends the runs that go on, and deletes the file."""
        self.runner.cleanup()
        compiled = cache_from_source(self.flow_file)  # Python leaves it of a module that was imported
        for each in (self.flow_file, compiled):
            if os.path.exists(each):
                os.unlink(each)
        try:
            os.rmdir(os.path.dirname(compiled))
        except OSError:  # it holds other modules', or there is none
            pass

    def _once(self, start: Any, options: dict[str, Any]) -> Any:
        try:
            return start(**options).run
        finally:
            self.cleanup()


def flow_source(cell: str, flow: str) -> str:
    """The cell as a file of its own, as Metaflow makes it: up to the end of the flow's class. What uses NBRunner, the notebook's own commands or
    what they gave is left out; lines keep their numbers.

    >>> print(flow_source("import os\\nrun = NBRunner(G).nbrun()\\nclass F(FlowSpec): pass\\nrun = NBRunner(F).nbrun()\\nprint(run)", "F"))
    import os
    pass
    class F(FlowSpec): pass
    <BLANKLINE>
    <BLANKLINE>
    if __name__ == "__main__":
        F()
    <BLANKLINE>
    """
    try:
        tree = ast.parse(cell)
    except SyntaxError as error:
        raise NBRunnerInitializationError(f"the cell is no Python: line {error.lineno}: {error.msg}") from None
    classes = [index for index, each in enumerate(tree.body) if isinstance(each, ast.ClassDef) and each.name == flow]
    if not classes:
        raise NBRunnerInitializationError(
            f"the cell does not define {flow}: NBRunner is to be used in the cell that does"
        )
    own = tree.body[classes[-1]]
    lines = [line.encode() for line in _lines(cell)[: own.end_lineno]]
    lines[-1] = lines[-1][: own.end_col_offset]
    for each in reversed(list(_left_out(tree.body[: classes[-1]]))):
        first = min([each.lineno, *(one.lineno for one in getattr(each, "decorator_list", ()))])
        last = each.end_lineno or first
        before, after = lines[first - 1][: each.col_offset], lines[last - 1][each.end_col_offset :]
        lines[first - 1 : last] = [before + b"pass" + after, *[b""] * (last - first)]
    return "\n".join([*(line.decode() for line in lines), "", "", 'if __name__ == "__main__":', f"    {flow}()", ""])


def _lines(text: str) -> list[str]:
    """The lines as Python counts them: a form feed or another break of Unicode ends none."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _left_out(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that use NBRunner or the notebook, or a name that one of them has given its value."""
    lost = set(_OURS)
    for each in statements:
        names = [name for name in ast.walk(each) if isinstance(name, ast.Name)]
        if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            uses, bound = {name.id for name in names} & _OURS, {each.name}
        else:
            uses = {name.id for name in names if isinstance(name.ctx, ast.Load)} & lost
            bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
        if uses:
            lost |= bound
            yield each
        else:
            lost -= bound - _OURS


def _cell() -> str:
    """The source of the cell that runs now, with the notebook's own commands (`%…`, `!…`, `…?`) as calls of `get_ipython`."""
    try:
        from IPython import get_ipython
    except ImportError:
        shell = None
    else:
        shell = get_ipython()
    if shell is None:
        raise NBRunnerInitializationError(
            "NBRunner works in a notebook, such as Jupyter; elsewhere use Runner, with the flow's file"
        )
    cell = str((shell.history_manager.input_hist_raw or [""])[-1])
    while cell.lstrip().startswith("%%"):  # `%%time` and its like: what follows is the cell
        cell = cell.lstrip().partition("\n")[2]
    return str(shell.transform_cell(cell))
