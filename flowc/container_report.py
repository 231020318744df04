"""What shares a container, in words: for `flowc compile`, `flowc show` and other programs."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record, replace
from flowc.compiler.ir.nodes import Foreach
from flowc.compiler.ir.scopes import in_order, is_loop
from flowc.compiler.optimize.chunk import chunk_size
from flowc.compiler.optimize.reasons import not_divided, reasons

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from flowc.compiler.ir.nodes import Flow
    from flowc.compiler.optimize.containers import Container

    from .optimizing import Shared
    from .pictures.drawing import Box, Drawing, Edge


@record
class Division:
    """A foreach whose items run several to a container."""

    head: str  # the container that begins it
    body: str  # the step that its items begin with
    items: int  # least number in a container
    containers: int  # most containers; 0: any number
    width: int | None  # its items, if known

    def words(self) -> str:
        """Returns `measure: 1,000 items → 16 containers of 63`."""
        if self.width is not None:
            size = chunk_size(self.width, self.items, self.containers)
            count = -(-self.width // size)
            return f"{self.body}: {self.width:,} items → {count:,} container{'s' if count != 1 else ''} of {size:,}"
        bound = f"at most {self.containers:,} containers" if self.containers else "containers"
        least = f" of {'at least ' if self.containers else ''}{self.items:,} items" if self.items > 1 else ""
        return f"{self.body}: {bound}{least}"


def divisions(shared: Shared) -> list[Division]:
    """Returns the foreaches that are divided, in the order of the flow."""
    draft = shared.optimized.draft
    several = []
    for step in shared.optimized.flow.steps:
        container = draft.containers[step.name]
        if isinstance(step.transition, Foreach) and (container.items or container.containers):
            width = draft.rules.widths.get(container.steps[-1])
            several.append(Division(step.name, step.transition.target, container.items, container.containers, width))
    return several


def summary(shared: Shared, written: Flow) -> str:
    """Returns one line: `11 steps → 4 containers; measure: 1,000 items → 16 containers of 63`.

    Where nobody asked for it, it says what shares a container: `all visits of again → one container`.
    """
    if not shared.is_asked:
        visits = [f"all visits of {name} → one container" for name, one in shared.optimized.containers if one.is_loop]
        return "; ".join([*visits, *(division.words() for division in divisions(shared))])
    before, after = len(written.steps), len(shared.optimized.flow.steps)
    counts = f"{before} step{'s' if before != 1 else ''} → {after} container{'s' if after != 1 else ''}"
    return "; ".join([counts, *(division.words() for division in divisions(shared))])


def paragraphs(shared: Shared | None, written: Flow, target: str) -> Iterator[str]:
    """Yields what shares a container on the target, and what does not and why, for people."""
    if shared is None:
        yield f"containers on {target}\n  every step has a container of its own"
        return
    rows = [(name, what) for name, what in _described(shared) if shared.is_asked or what]
    yield "\n".join([f"containers on {target}: {summary(shared, written)}", *_columns(rows)])
    if shared.needs:
        yield "\n".join([f"shared because {target} needs it", *_columns(list(shared.needs))])
    if not shared.is_asked:
        return
    draft = shared.optimized.draft
    apart = [(f"{pair.first} > {pair.second}", pair.why) for pair in reasons(draft)]
    if apart:
        yield "\n".join(["apart", *_columns(apart)])
    undivided = list(not_divided(draft))
    if undivided:
        yield "\n".join(["not divided", *_columns(undivided)])


def data(shared: Shared | None, written: Flow) -> dict[str, Any]:
    """Returns what shares a container on a target, for programs."""
    if shared is None:
        alone = [{"step": step.name, "steps": [step.name]} for step in written.steps]
        return {"containers": alone, "needs": [], "apart": [], "not_divided": []}
    containers = []
    for name, container in shared.optimized.containers_by_step.items():
        entry: dict[str, Any] = {"step": name, "steps": list(container.steps)}
        entry.update({field: True for field in ("is_chunk", "is_loop") if getattr(container, field)})
        entry.update({field: value for field in ("items", "containers") if (value := getattr(container, field))})
        containers.append(entry)
    draft = shared.optimized.draft
    return {
        "containers": containers,
        "needs": [{"step": step, "why": why} for step, why in shared.needs],
        "apart": [
            {"first": pair.first, "second": pair.second, "why": pair.why}
            for pair in (reasons(draft) if shared.is_asked else ())
        ],
        "not_divided": [{"step": step, "why": why} for step, why in (not_divided(draft) if shared.is_asked else ())],
    }


def drawn(drawing: Drawing, shared: Shared) -> Drawing:
    """Returns a drawing of the flow of containers. Each says what it runs, and why it is not one with the next."""
    draft = shared.optimized.draft
    described = dict(_described(shared))
    why: dict[str, list[str]] = {}
    labels = {}
    for pair in reasons(draft) if shared.is_asked else ():
        why.setdefault(pair.first, []).append(f"apart from {pair.second}: {pair.why}")
        labels[pair.first, pair.second] = draft.rules.apart(draft.containers[pair.first].steps[-1], pair.second)
    edges = tuple(replace(edge, label=_label(edge, labels)) for edge in drawing.edges)
    whole = _with_notes(drawing.whole, shared.optimized.containers_by_step, described, why)
    return replace(drawing, whole=whole, edges=edges)


def _label(edge: Edge, labels: Mapping[tuple[str, str], str]) -> str:
    """Returns what an edge says: the values of a switch, and what keeps two containers apart that could be one."""
    return "; ".join(text for text in (edge.label, labels.get((edge.source, edge.target), "")) if text)


def _with_notes(
    box: Box, containers: Mapping[str, Container], described: Mapping[str, str], why: Mapping[str, list[str]]
) -> Box:
    items = tuple(
        replace(
            item,
            notes=(*_wrapped(described[item.name]), *item.notes),
            doc=". ".join([*([item.doc.rstrip(".")] if item.doc else []), *why.get(item.name, [])]),
        )
        for item in box.items
    )
    return replace(box, items=items, boxes=tuple(_with_notes(inner, containers, described, why) for inner in box.boxes))


def _wrapped(text: str) -> list[str]:
    import textwrap

    return textwrap.wrap(text, 48)


def _described(shared: Shared) -> Iterator[tuple[str, str]]:
    """Yields each container, in the order of the flow, with what it runs."""
    parts = {division.head: division.words() for division in divisions(shared)}
    inside = {step.name: step for step in shared.optimized.draft.flow.steps}
    containers = shared.optimized.containers_by_step
    for node, _ in in_order(shared.optimized.scope):
        name, container = node.step, containers[node.step]
        words = [", ".join(container.steps)] if len(container.steps) > 1 else []
        if container.is_loop:
            words.append("all visits")
        elif len(container.steps) > 1 and (loops := [step for step in container.steps if is_loop(inside[step])]):
            words.append(f"all visits of {', '.join(loops)}")
        if container.is_chunk:
            words.append("for several items")
        if name in parts:
            words.append(f"divides {parts[name]}")
        yield name, "; ".join(words)


def _columns(rows: list[tuple[str, str]]) -> list[str]:
    width = min(max(len(first) for first, _ in rows), 40)
    return [f"  {first:<{width}}  {second}".rstrip() for first, second in rows]
