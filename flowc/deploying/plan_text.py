"""A plan as text and as JSON."""

from __future__ import annotations

from flowc.compiler.report.diagnostics import printable
from flowc.targets.operating import ADD, CHANGE, DELETE, SAME

from .records import ago

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.targets.operating import Change, Engine

    from .plan import Plan

_SIGNS = {ADD: "+", CHANGE: "~", DELETE: "-", SAME: "="}
_WIDTH = 60  # of a value


def text(plan: Plan, engine: Engine) -> str:
    """Returns the plan for people."""
    return "\n".join(_lines(plan, engine))


def heading(plan: Plan, engine: Engine) -> str:
    """Returns the place: `train on prod (argo, cluster prod-eu, namespace ml)`."""
    context = plan.order.place.context.name
    where = [f"{name} {value}" for name, value in engine.where.items() if name not in ("uid", "server")]
    on = f" on {context}" if context else ""
    return f"{plan.order.name}{on} ({', '.join([plan.order.place.target, *where])})"


def _lines(plan: Plan, engine: Engine) -> Iterator[str]:
    if plan.is_empty:
        number = plan.previous.n if plan.previous is not None else 0
        for change in plan.changes:
            yield from map(printable, _drift(change, plan.wanted.keep_drift))
        yield f"{heading(plan, engine)} is up to date (deployment {number})"
        return
    previous = plan.previous
    after = f" after {previous.n} ({', '.join(_who(previous.data))})" if previous is not None else ""
    yield f"{heading(plan, engine)}, deployment {plan.number}{after}"
    if plan.unfinished is not None:
        yield f"deployment {plan.unfinished.n} was cut off {ago(plan.unfinished.at)}; this one finishes its work"
    yield ""
    if plan.meaning:
        from ..flow_diff import text as meaning

        yield from map(printable, meaning(list(plan.meaning)))
        yield ""
    for upload in plan.uploads:
        if not upload.is_there:
            size = f", {_size(upload.size)}" if upload.size else ""
            yield f"  + {upload.url}  ({upload.what}{size})"
    for change in plan.changes:
        yield from map(printable, _change(change, plan.wanted.keep_drift))
    yield ""
    if plan.running:
        count = len(plan.running)
        subject = "1 run is under way; it goes on" if count == 1 else f"{count} runs are under way; they go on"
        yield f"{subject} with the code that {'it' if count == 1 else 'they'} began with."
    yield f"Plan: {summary(plan)}."


def _who(data: dict[str, Any]) -> Iterator[str]:
    user = data.get("by", {}).get("user")
    if user:
        yield str(user)
    yield ago(float(data.get("at", 0.0)))
    commit = data.get("git", {}).get("git")
    if commit:
        yield f"commit {commit[:7]}" + (" and changes" if data["git"].get("dirty") else "")


def _change(change: Change, keep_drift: bool) -> Iterator[str]:
    note = f"  {change.note}" if change.note else ""
    if change.owner:
        yield f"  ! {change.kind}/{change.name} belongs to {change.owner}"
    yield f"  {_SIGNS[change.op]} {change.kind}/{change.name}{note}"
    if change.fields:
        width = min(max(len(field.path) for field in change.fields), 72)
        for field in change.fields:
            yield f"      {field.path:<{width}}  {_values(field.before, field.after)}"
    yield from _drift(change, keep_drift)


def _drift(change: Change, keep_drift: bool) -> Iterator[str]:
    for drift in change.drift:
        who = f" by {drift.by}" if drift.by else ""
        when = f", {drift.at}" if drift.at else ""
        then = "it stays so" if keep_drift else f"it will be {value(drift.deployed)} again"
        was = "absent" if drift.live is None else value(drift.live)
        yield f"  ! {drift.path} is {was}, deployed was {value(drift.deployed)}: changed{who}{when}; {then}"


def _values(before: Any, after: Any) -> str:
    if before is None:
        return f"+ {value(after)}"
    if after is None:
        return f"- {value(before)}"
    return f"{value(before)} → {value(after)}"


def value(data: Any) -> str:
    """Returns the value in one line: the beginning of a long one, and of a digest its first characters."""
    import json

    shown = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, sort_keys=True)
    if shown.startswith("sha256:") and len(shown) == 71:
        return f"{shown[:15]}…"
    return shown if len(shown) <= _WIDTH else f"{shown[: _WIDTH - 1]}…"


def summary(plan: Plan) -> str:
    """Returns the counts: `1 to add, 1 to change, 1 to delete, 1 unchanged, 1 drifted`."""
    ops = [change.op for change in plan.changes] + [SAME if upload.is_there else ADD for upload in plan.uploads]
    drifted = sum(len(change.drift) for change in plan.changes)
    counts = (
        f"{ops.count(ADD)} to add", f"{ops.count(CHANGE)} to change", f"{ops.count(DELETE)} to delete",
        f"{ops.count(SAME)} unchanged", *([f"{drifted} drifted"] if drifted else []),
    )  # fmt: skip
    return ", ".join(counts)


def data(plan: Plan, engine: Engine) -> dict[str, Any]:
    """Returns the plan for programs."""
    order = plan.order
    return {
        "name": order.name, "flow": order.flow, "target": order.place.target, "context": order.place.context.name,
        "where": dict(engine.where), "deployment": None if plan.is_empty else plan.number,
        "previous": plan.previous.n if plan.previous is not None else None, "code": order.code,
        "up_to_date": plan.is_empty,
        "changes": [
            *({"op": ADD, "kind": upload.what, "name": upload.url, "fields": []}
              for upload in plan.uploads if not upload.is_there),
            *(
                {
                    "op": change.op, "kind": change.kind, "name": change.name, "note": change.note,
                    "fields": [
                        {"path": field.path, "from": field.before, "to": field.after} for field in change.fields
                    ],
                    "owner": change.owner,
                }
                for change in plan.changes
            ),
        ],
        "drift": [
            {"kind": change.kind, "name": change.name, "path": drift.path, "deployed": drift.deployed,
             "live": drift.live, "by": drift.by, "at": drift.at}
            for change in plan.changes for drift in change.drift
        ],
        "running": [run.id for run in plan.running],
        "meaning": [
            {"kind": one.kind, "subject": one.subject, "what": one.what, "before": one.before, "after": one.after}
            for one in plan.meaning
        ],
    }  # fmt: skip


def _size(count: int) -> str:
    return f"{count} bytes" if count < 1024 else f"{count / 1024:.0f} KiB"
