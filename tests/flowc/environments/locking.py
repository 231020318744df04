"""Helpers of the tests of environments.

Flows that ask for packages, and flowc with caches of its own and one index.
"""

from __future__ import annotations

from pathlib import Path

from tests.support.package_index import PackageIndex
from tests.support.running import Done, flowc

HEAD = "from metaflow import FlowSpec, conda, conda_base, pypi, pypi_base, step\n\n"


def flow(
    folder: Path,
    *,
    base: str = "",
    start: str = "",
    end: str = "",
    body: str = "pass",
    last: str = "pass",
    name: str = "F",
) -> Path:
    """Writes `flow.py`: two steps, the decorators of the class and of each, and what they do."""
    lines = [HEAD.rstrip(), "", "", *([base] if base else []), f"class {name}(FlowSpec):"]
    for step, decorator, does, leads in (("start", start, body, "self.next(self.end)"), ("end", end, last, "")):
        lines += [*([f"    {decorator}"] if decorator else []), "    @step", f"    def {step}(self):"]
        lines += [f"        {line}" for line in (*does.split("\n"), leads) if line] + [""]
    path = folder / "flow.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines))
    return path


def variables(folder: Path, index: PackageIndex | None = None) -> dict[str, str]:
    """Returns the variables of a machine with its caches in `folder`, and this index.

    Without an index, none answers.
    """
    url = index.url if index is not None else "http://127.0.0.1:9/simple"
    return {
        "UV_DEFAULT_INDEX": url,
        "UV_CACHE_DIR": str(folder / "uv"),
        "FLOWC_CACHE": str(folder / "cache"),
        "NO_PROXY": "127.0.0.1",
    }


def lock(
    path: Path, index: PackageIndex | None = None, *options: str, check: bool = True, env: dict[str, str] | None = None
) -> Done:
    return flowc("lock", str(path), *options, env={**variables(path.parent, index), **(env or {})}, check=check)


def files(path: Path) -> dict[str, str]:
    """The flow's locks: file → text."""
    return {path.name: path.read_text() for path in sorted(path.with_suffix(".lock").iterdir())}
