"""`@huggingface_hub(load=None, cache_scope="checkpoint", temp_dir_root=None)`: repositories of Hugging Face, kept.

`current.huggingface_hub.snapshot_download(repo_id=…)` downloads a repository once, keeps it in flowc's datastore, and
returns a reference, which `@model(load=…)` loads in later steps. `load` names repositories whose files are in
`current.huggingface_hub.loaded[REPO_ID]` when the step begins. `cache_scope` says who shares what is kept: the same
task in all runs of a namespace (`checkpoint`), all steps of the flow (`flow`), or all flows (`global`). The package
`huggingface_hub` must be in the step's environment.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import texts
from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Step, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "step"
ATTRIBUTES: dict[str, Value] = {"temp_dir_root": None, "load": None, "cache_scope": "checkpoint"}
EXTENSION = "metaflow-checkpoint"
IN_TASK = True
SCOPES = ("checkpoint", "flow", "global")


@record
class HuggingfaceHub:
    """Who shares the repositories that a step downloads."""

    cache_scope: str  # one of SCOPES


def read(decorator: Decorator) -> HuggingfaceHub:
    """Returns the decorator's values as a record."""
    return HuggingfaceHub(str(decorator.attributes["cache_scope"]))


def check(decorator: Decorator, _owner: Step) -> Iterator[Diagnostic]:
    yield from texts(decorator, "temp_dir_root", example="/tmp/models")
    if decorator.attributes["cache_scope"] not in SCOPES:
        yield value_error(
            decorator, "cache_scope", "it must be 'checkpoint', 'flow' or 'global'", "write `cache_scope='flow'`"
        )
    load = decorator.attributes["load"]
    if load is not None and not (isinstance(load, list) and all(map(_is_entry, load))):
        yield value_error(
            decorator,
            "load",
            "it must be a list of repositories, each an id, a dictionary with `repo_id`, or a pair of one and a path",
            "write `load=['org/name']` or `load=[('org/name', '/tmp/model')]`",
        )


def _is_entry(entry: Value) -> bool:
    if isinstance(entry, list):
        return len(entry) == 2 and not isinstance(entry[0], list) and _is_entry(entry[0]) and isinstance(entry[1], str)
    return isinstance(entry, str) or (isinstance(entry, dict) and isinstance(entry.get("repo_id"), str))
