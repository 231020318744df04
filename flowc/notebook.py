"""`NBRunner`: runs a flow that a notebook's cell defines (Metaflow's documentation, Running flows in notebooks)."""

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
    """The flow's source cannot be read: this is not a notebook, or not the cell that defines the flow."""


class NBRunner:
    """A runner for the last line of the cell that defines the flow: `NBRunner(MyFlow).nbrun(alpha=5)`.

    The cell up to the end of the flow's class becomes a file beside the notebook, until `cleanup`. Code after the class
    is not part of it.
    """

    def __init__(
        self, flow: type, show_output: bool = True, profile: str | None = None, env: dict[str, str] | None = None,
        base_dir: str | None = None, file_read_timeout: int = 3600, **kwargs: Any,
    ) -> None:  # fmt: skip
        """Writes the flow's file into `base_dir`, by default the current folder. Raises NBRunnerInitializationError."""
        self.flow = flow
        self._cell = CellFile(flow, base_dir or os.getcwd(), "NBRunner", NBRunnerInitializationError)
        self.base_dir, self.flow_file = self._cell.folder, self._cell.path
        self.runner = Runner(self.flow_file, show_output, profile, env, self.base_dir, file_read_timeout, **kwargs)

    def nbrun(self, **kwargs: Any) -> Any:
        """Runs the flow to its end, cleans up, and returns the client's `Run`."""
        return self._once(self.runner.run, kwargs)

    def nbresume(self, **kwargs: Any) -> Any:
        return self._once(self.runner.resume, kwargs)

    def run(self, **kwargs: Any) -> ExecutingRun:
        """Runs the flow as `Runner.run` does."""
        return self.runner.run(**kwargs)

    def resume(self, **kwargs: Any) -> ExecutingRun:
        return self.runner.resume(**kwargs)

    async def async_run(self, **kwargs: Any) -> ExecutingRun:
        return await self.runner.async_run(**kwargs)

    async def async_resume(self, **kwargs: Any) -> ExecutingRun:
        return await self.runner.async_resume(**kwargs)

    def cleanup(self) -> None:
        """Ends the runs that are still going, and deletes the file."""
        self.runner.cleanup()
        self._cell.delete()

    def _once(self, start: Any, options: dict[str, Any]) -> Any:
        try:
            return start(**options).run
        finally:
            self.cleanup()


class CellFile:
    """The flow of the running cell, as a file in `folder`."""

    def __init__(self, flow: type, folder: str, user: str, error: type[Exception]) -> None:
        """Writes the file. Raises `error`, which calls the class that wants it `user`."""
        try:
            source = flow_source(_cell(), flow.__name__)
        except NBRunnerInitializationError as problem:
            raise error(str(problem).replace("NBRunner", user).replace("Runner with", user[2:] + " with")) from None
        self.folder = folder
        descriptor, self.path = tempfile.mkstemp(prefix=flow.__name__, suffix=".py", dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(source)

    def delete(self) -> None:
        """Deletes the file, and what Python has made of it. May be repeated."""
        compiled = cache_from_source(self.path)  # Python writes it when it imports the file
        for path in (self.path, compiled):
            if os.path.exists(path):
                os.unlink(path)
        try:
            os.rmdir(os.path.dirname(compiled))
        except OSError:  # it holds files of other modules, or does not exist
            pass


def flow_source(cell: str, flow: str) -> str:
    """Returns the cell as a file of its own, as Metaflow makes it: up to the end of the flow's class.

    It omits statements that use NBRunner, the notebook's own commands, or a result of these. Lines keep their numbers.

    >>> cell = "import os\\nrun = NBRunner(G).nbrun()\\nclass F(FlowSpec): pass\\nprint(NBRunner(F).nbrun())"
    >>> print(flow_source(cell, "F"))
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
        raise NBRunnerInitializationError(f"the cell is not valid Python: line {error.lineno}: {error.msg}") from None
    classes = [index for index, node in enumerate(tree.body) if isinstance(node, ast.ClassDef) and node.name == flow]
    if not classes:
        raise NBRunnerInitializationError(f"the cell does not define {flow}: use NBRunner in the cell that defines it")
    own = tree.body[classes[-1]]
    lines = [line.encode() for line in _lines(cell)[: own.end_lineno]]
    lines[-1] = lines[-1][: own.end_col_offset]
    for statement in reversed(list(_left_out(tree.body[: classes[-1]]))):
        first = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])
        last = statement.end_lineno or first
        before, after = lines[first - 1][: statement.col_offset], lines[last - 1][statement.end_col_offset :]
        lines[first - 1 : last] = [before + b"pass" + after, *[b""] * (last - first)]
    return "\n".join([*(line.decode() for line in lines), "", "", 'if __name__ == "__main__":', f"    {flow}()", ""])


def _lines(text: str) -> list[str]:
    """Returns the lines as Python counts them: form feeds and Unicode's other line breaks do not end a line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _left_out(statements: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yields the statements that use NBRunner or the notebook, or a name that such a statement has assigned."""
    lost = set(_OURS)
    for statement in statements:
        names = [name for name in ast.walk(statement) if isinstance(name, ast.Name)]
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            uses, bound = {name.id for name in names} & _OURS, {statement.name}
        else:
            uses = {name.id for name in names if isinstance(name.ctx, ast.Load)} & lost
            bound = {name.id for name in names if isinstance(name.ctx, ast.Store)}
        if uses:
            lost |= bound
            yield statement
        else:
            lost -= bound - _OURS


def _cell() -> str:
    """Returns the source of the running cell, with notebook commands (`%…`, `!…`, `…?`) as calls of `get_ipython`."""
    try:
        from IPython import get_ipython
    except ImportError:
        shell = None
    else:
        shell = get_ipython()
    if shell is None:
        raise NBRunnerInitializationError(
            "NBRunner works only in a notebook, such as Jupyter; elsewhere, use Runner with the flow's file"
        )
    cell = str((shell.history_manager.input_hist_raw or [""])[-1])
    while cell.lstrip().startswith("%%"):  # the cell proper begins after a line such as `%%time`
        cell = cell.lstrip().partition("\n")[2]
    return str(shell.transform_cell(cell))
