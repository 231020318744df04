"""`@trigger_on_finish(flow=None, flows=[], options={})`: a run starts after a run of another flow succeeds.

A flow is given as text (`Flow`, in the project and branch of this one, or `project.branch.Flow`), as a dictionary
with `name`, `project` and `project_branch`, or by a function that is called when the flow is deployed. A local run
ignores the decorator, as Metaflow does.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import dicts
from ._reset import reset_of, wrong_reset
from .decorator import function_name, value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "flow"
ATTRIBUTES: dict[str, Value] = {"flow": None, "flows": [], "options": {}}
DEPLOY_TIME = True
FUNCTIONS = ("flow", "flows")
WHY = "the end of the other flow would never start a run"
HOW = "let a system outside flowc start the run, or remove the decorator"
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")


@record
class Upstream:
    """A flow whose runs start a run of this one."""

    flow: str
    project: str  # "": that of this flow, if it has one
    branch: str  # "": that of this flow


@record
class TriggerOnFinish:
    """The events or flows that start a run."""

    upstream: tuple[Upstream, ...] | None  # None: a function of the user decides
    reset: tuple[str, str] | None = None  # the cron text and time zone at which events that came alone are forgotten


def read(decorator: Decorator) -> TriggerOnFinish:
    """Returns the decorator's values as a record. Its check has accepted them."""
    upstreams = []
    for entry in _several(decorator):
        if function_name(entry):
            return TriggerOnFinish(None, reset_of(decorator))
        if isinstance(entry, dict):
            upstreams.append(
                Upstream(str(entry["name"]), str(entry.get("project") or ""), str(entry.get("project_branch") or ""))
            )
        else:
            head, _, flow = str(entry).rpartition(".")
            project, _, branch = head.partition(".")
            upstreams.append(Upstream(flow, project, branch))
    return TriggerOnFinish(tuple(upstreams), reset_of(decorator))


def check(decorator: Decorator, _owner: Flow) -> Iterator[Diagnostic]:
    attributes = decorator.attributes
    yield from dicts(decorator, "options")
    yield from wrong_reset(decorator)
    if bool(attributes["flow"]) == bool(attributes["flows"]):
        both = bool(attributes["flow"])
        why = "Metaflow accepts only one of the two" if both else "without it, no event would ever start the flow"
        how = "give `flow` or `flows`, not both" if both else "write `@trigger_on_finish(flow='OtherFlow')`"
        yield value_error(decorator, "flows" if both else "flow", why, how)
        return
    if attributes["flows"] and not isinstance(attributes["flows"], list) and not function_name(attributes["flows"]):
        yield value_error(decorator, "flows", "it must be a list of flows", "write `flows=['…', '…']`")
        return
    for entry in _several(decorator):
        for why, how in _wrong(entry):
            yield value_error(decorator, "flow" if attributes["flow"] else "flows", why, how)


def _several(decorator: Decorator) -> list[Value]:
    attributes = decorator.attributes
    flows = attributes["flows"]
    return [attributes["flow"]] if attributes["flow"] else flows if isinstance(flows, list) else [flows]


def _wrong(flow: Value) -> Iterator[tuple[str, str]]:
    """Yields (why, how) for each fault of one flow."""
    if function_name(flow):
        return
    name = flow
    if isinstance(flow, dict):
        unknown = [key for key in flow if key not in ("name", "project", "project_branch")]
        if unknown:
            yield f"a flow has no key `{unknown[0]}`", "its keys are `name`, `project` and `project_branch`"
        for key in ("project", "project_branch"):
            if key in flow and not (isinstance(flow[key], str) and flow[key]):
                yield f"`{key}` must be text", f"write `'{key}': '…'`"
        name = flow.get("name")
        if isinstance(name, str) and "." in name:
            yield (
                "the `name` of a flow cannot contain a dot",
                "use `project` and `project_branch` for the project and the branch",
            )
            return
    if not isinstance(name, str):
        yield (
            "a flow must be text or a dictionary with `name`",
            "write `'OtherFlow'`, or `{'name': 'OtherFlow', 'project': '…', 'project_branch': '…'}`",
        )
    elif name.count(".") == 1:
        yield f"`{name}` has one dot, but a flow's full name has two", "write `Flow`, or `project.branch.Flow`"
    elif not name.rpartition(".")[2] or not _LETTERS.issuperset(name.rpartition(".")[2]):
        yield f"`{name.rpartition('.')[2]}` is not a valid flow name", "use letters, digits and underscores"
    elif not all(name.split(".")):
        yield f"`{name}` has an empty part", "write `Flow`, or `project.branch.Flow`"
