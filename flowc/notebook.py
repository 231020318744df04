"""`NBRunner`: runs of a flow that is defined in a notebook's cell (Metaflow's documentation, Running flows in notebooks)."""

from __future__ import annotations

import ast
import os
import tempfile
from importlib.util import cache_from_source
from typing import Any

from .runner import ExecutingRun, Runner

_OURS = ("NBRunner", "NBDeployer")


class NBRunnerInitializationError(Exception):
    """The flow's cell cannot be found: not in a notebook, or not the cell that defines the flow."""


class NBRunner:
    """Used in the cell that defines the flow, on its last line: `NBRunner(MyFlow).nbrun(alpha=5)`.

    The cell's imports, definitions and assignments become a file beside the notebook, until `cleanup`; what uses NBRunner is left out.
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
    """The cell as a file of its own: its statements, less those that use NBRunner and the notebook's own commands.

    >>> print(flow_source("%matplotlib inline\\nimport os\\nclass F(FlowSpec): pass\\nrun = NBRunner(F).nbrun()", "F"))
    import os
    class F(FlowSpec): pass
    <BLANKLINE>
    <BLANKLINE>
    if __name__ == "__main__":
        F()
    <BLANKLINE>
    """
    lines = ["" if line.lstrip()[:1] in ("%", "!") or line.startswith("?") else line for line in cell.splitlines()]
    source = "\n".join(lines)
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise NBRunnerInitializationError(f"the cell is no Python beside its % and ! lines: line {error.lineno}: {error.msg}") from None
    if not any(isinstance(each, ast.ClassDef) and each.name == flow for each in tree.body):
        raise NBRunnerInitializationError(f"the cell does not define {flow}: NBRunner is to be used in the cell that does")
    kept = [_text(lines, each) for each in tree.body if not any(getattr(name, "id", "") in _OURS for name in ast.walk(each))]
    return "\n".join([*kept, "", "", 'if __name__ == "__main__":', f"    {flow}()", ""])


def _text(lines: list[str], node: ast.stmt) -> str:
    first = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])
    return "\n".join(lines[first - 1 : node.end_lineno])


def _cell() -> str:
    """The source of the cell that runs now."""
    try:
        from IPython import get_ipython  # type: ignore[import-not-found]
    except ImportError:
        shell = None
    else:
        shell = get_ipython()
    if shell is None:
        raise NBRunnerInitializationError("NBRunner works in a notebook, such as Jupyter; elsewhere use Runner, with the flow's file")
    cells = shell.user_ns.get("In") or [""]
    return str(cells[-1])
