"""Classes: finds the flows of a file, and computes the method resolution order of a class."""

from __future__ import annotations

from ..ir.nodes import Span
from ..report.diagnostics import Diagnostic, Refused, nearest
from ..source.modules import Class, base_names
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ast_grep_py import SgNode

    from ..source.modules import Module
    from .resolver import Resolver


def is_enumeration(resolver: Resolver, owner: Class) -> bool:
    """Returns True for a direct subclass of one of Python's enumerations."""
    return any(resolver.qualify(owner.module, name).startswith("enum.") for name, _ in base_names(owner))


def flows(resolver: Resolver, module: Module) -> list[Class]:
    """Returns the flows that the module itself defines, in order."""
    candidates = [Class(module, nodes[-1]) for nodes in module.classes.values()]
    classes = [candidate for candidate in candidates if _is_flow(resolver, candidate, set())]
    if len(classes) < len(candidates):  # others may inherit all of their steps from an installed package
        called = {call.text() for call in _called_in_main(module)}
        may_be_flow = not classes and "flow" in module.source.text.lower()
        for candidate in candidates:
            if candidate not in classes and (candidate.name in called or may_be_flow):
                classes += [candidate] if _is_flow(resolver, candidate, set(), True) else []
    return sorted(classes, key=lambda candidate: candidate.node.range().start.index)


def started(module: Module, classes: list[Class]) -> list[Class]:
    """Returns the flows that `if __name__ == "__main__":` starts, or else all that no other flow inherits from."""
    names = [node.text() for node in _called_in_main(module)]
    called = [candidate for candidate in classes if candidate.name in names]
    bases = {name for candidate in classes for name, _ in base_names(candidate)}
    return called or [candidate for candidate in classes if candidate.name not in bases]


def _called_in_main(module: Module) -> list[SgNode]:
    """Yields the calls under `if __name__ == "__main__":`."""
    return [
        call
        for statement in module.source.root.named_children()
        if statement.kind() == "if_statement"
        and (condition := statement.field("condition")) is not None
        and "__name__" in condition.text()
        for node in statement.find_all(kind="call")
        if (call := node.field("function")) is not None
    ]


def unread(resolver: Resolver, module: Module, classes: list[Class]) -> SgNode | None:
    """Returns the name that the file calls without arguments and that may be an unreadable flow.

    Such a name is not a function or class of the file, but the result of an expression. Returns None if the file starts
    a flow, or has no such call.
    """
    called = [node for node in _called_in_main(module) if node.kind() == "identifier"]
    if any(candidate.name == call.text() for candidate in classes for call in called):
        return None
    return next(
        (
            node
            for node in called
            if node.text() in module.assigned and _may_make_a_class(resolver, module, node.text())
        ),
        None,
    )


def _may_make_a_class(resolver: Resolver, module: Module, name: str) -> bool:
    """Returns True if the value of the name comes from the flow's own code: from a function or from `type`."""
    for value in module.assigned[name]:
        function = value.field("function") if value.kind() == "call" else None
        qualified = resolver.qualify(module, function.text()) if function is not None else ""
        if qualified == "type" or resolver.split(qualified) is not None:
            return True
    return False


def _is_flow(resolver: Resolver, candidate: Class, seen: set[tuple[str, str]], opens: bool = False) -> bool:
    """Returns True for a flow. With `opens`, base classes in installed packages are read."""
    if candidate.key in seen:
        return False
    seen.add(candidate.key)
    for name, _ in base_names(candidate):
        qualified = resolver.qualify(candidate.module, name)
        if qualified == "metaflow.FlowSpec":
            return True
        base = _class(resolver, qualified)
        if base is None and opens and not _harmless(qualified) and resolver.sources.open(qualified):
            base = _class(resolver, resolver.qualify(candidate.module, name))
        if base is not None and _is_flow(resolver, base, seen, opens):
            return True
        if base is None and not _harmless(qualified) and _has_steps(resolver, candidate):
            return True  # a base cannot be read, which `linearize` reports
    return False


def _has_steps(resolver: Resolver, candidate: Class) -> bool:
    """Returns True if a method of the class is marked as a step."""
    for nodes in candidate.functions.values():
        for child in nodes[-1].children() if nodes[-1].kind() == "decorated_definition" else []:
            if (
                child.kind() == "decorator"
                and resolver.qualify(candidate.module, child.text().lstrip("@").partition("(")[0].strip())
                == "metaflow.step"
            ):
                return True
    return False


def _class(resolver: Resolver, qualified: str) -> Class | None:
    place = resolver.split(qualified)
    if place is None or place[1] not in place[0].classes:
        return None
    return Class(place[0], place[0].classes[place[1]][-1])


def choose(resolver: Resolver, module: Module, flow_name: str) -> Class:
    """Returns the flow of the module that is named `flow_name`, or with "" the one that the file starts.

    Raises Refused.
    """
    file = module.source.name
    candidates = flows(resolver, module)
    lost = unread(resolver, module, candidates) if not flow_name else None
    if lost is not None:
        what = f"`{lost.text()}`, which `{file}` starts, is not a class that flowc can read"
        why = "code makes it when the file runs, but flowc only reads code"
        how = f"define `class {lost.text()}(FlowSpec):` at the top level" + (
            ", or name a different flow with `--flow`" if candidates else ""
        )
        raise Refused([Diagnostic("FLOW101", what, span(module.source, lost), why, how)])
    if not candidates:
        what = f"there is no flow in `{file}`"
        why = "a flow must be a class that inherits from FlowSpec"
        how = "define `class MyFlow(FlowSpec):` with `from metaflow import FlowSpec`"
        place = Span(file, 1, 1, 1, 2)
        base = next(_unread_bases(resolver, module), None)
        if base is not None and base.span is not None:
            why, how, place = f"{base.what}: {base.why}", base.how, base.span
        raise Refused([Diagnostic("FLOW101", what, place, why, how)])
    if flow_name:
        chosen = next((candidate for candidate in candidates if candidate.name == flow_name), None)
        if chosen is None:
            close = nearest(flow_name, [candidate.name for candidate in candidates])
            how = (
                f"did you mean `{close}`?"
                if close
                else "its flows are " + ", ".join(f"`{candidate.name}`" for candidate in candidates)
            )
            raise Refused(
                [
                    Diagnostic(
                        "FLOW101",
                        f"there is no flow `{flow_name}` in `{file}`",
                        candidates[0].span,
                        why="`--flow` must name a flow of this file",
                        how=how,
                    )
                ]
            )
        return chosen
    meant = started(module, candidates)
    if len(meant) == 1:
        return meant[0]
    if len(candidates) > 1:
        names = ", ".join(f"`{candidate.name}`" for candidate in candidates)
        how = f"choose one with `--flow {candidates[-1].name}`"
        raise Refused(
            [
                Diagnostic(
                    "FLOW102",
                    f"there are several flows in `{file}`: {names}",
                    candidates[1].span,
                    why="a spec describes one flow",
                    how=how,
                )
            ]
        )
    return candidates[0]


def linearize(resolver: Resolver, start: Class) -> tuple[list[Class], list[Diagnostic]]:
    """Returns the class and its bases in Python's method resolution order (C3), without FlowSpec.

    Also returns the bases that cannot be read.
    """
    problems: list[Diagnostic] = []
    classes: dict[tuple[str, str], Class] = {}

    def mro(current: Class, above: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
        if current.key not in classes and _has_branches(current):
            problems.append(_branched(current))
        classes.setdefault(current.key, current)
        if current.key in above:
            problems.append(
                Diagnostic(
                    "FLOW105",
                    f"class `{current.name}` inherits from itself",
                    current.span,
                    why="Python refuses the class",
                    how="remove one of the bases",
                )
            )
            return [current.key]
        orders = []
        for name, node in base_names(current):
            qualified = resolver.qualify(current.module, name)
            base = _class(resolver, qualified)
            if base is None and qualified != "metaflow.FlowSpec" and not _harmless(qualified):
                resolver.sources.open(qualified)
                qualified = resolver.qualify(current.module, name)
                base = _class(resolver, qualified)
            if base is not None:
                resolver.sources.use(base.module.source.name)
                orders.append(mro(base, (*above, current.key)))
            elif qualified != "metaflow.FlowSpec" and not _harmless(qualified):
                problems.append(_unread(resolver, current, qualified, node))
        merged = _merge([*orders, [order[0] for order in orders]])
        if merged is None:
            problems.append(
                Diagnostic(
                    "FLOW105",
                    f"the bases of class `{current.name}` have no consistent order",
                    current.span,
                    "Python refuses the class",
                    how="list the bases in the order in which their own bases are listed",
                )
            )
            merged = []
        return [current.key, *merged]

    order = mro(start, ())
    return [classes[key] for key in dict.fromkeys(order)], problems


def _unread_bases(resolver: Resolver, module: Module) -> Iterator[Diagnostic]:
    """Yields FLOW105 for each base class that cannot be read, of the classes that the file starts."""
    called = {call.text() for call in _called_in_main(module)}
    for name, several in module.classes.items():
        owner = Class(module, several[-1])
        for base, node in base_names(owner) if name in called else ():
            qualified = resolver.qualify(module, base)
            if "." in qualified and _class(resolver, qualified) is None and not _harmless(qualified):
                yield _unread(resolver, owner, qualified, node)


def _has_branches(owner: Class) -> bool:
    """Returns True if several statements define the class, and only running the module tells which one counts."""
    several = owner.module.classes.get(owner.name, [])
    return len(several) > 1 and any((node.parent() or node).kind() != "module" for node in several)


def _branched(owner: Class) -> Diagnostic:
    return Diagnostic(
        "FLOW105",
        f"class `{owner.name}` is defined in several branches of `{owner.module.source.name}`",
        owner.span,
        "only running the file tells which one counts, so the flow's steps and parameters are unknown",
        "define the class once, at the top level, and put the condition into its methods",
    )


def _unread(resolver: Resolver, owner: Class, qualified: str, node: SgNode) -> Diagnostic:
    """Returns FLOW105 for a base class that cannot be read."""
    what = f"the base class `{node.text()[:60]}` cannot be read"
    top = qualified.partition(".")[0]
    closed = resolver.sources.why_closed(qualified)
    unknown = "so its steps and parameters are unknown"
    if closed:
        why, how = (
            f"{closed}, {unknown}",
            "install the package with its source, or put the class into a module beside the flow",
        )
    elif "." not in qualified or resolver.sources.find(top) is not None:
        why = f"it is not in a module of the flow's own folder or of a source root, {unknown}"
        how = "put the class into a module beside the flow, or name the folder it is imported from with `--source-root`"
        if resolver.split(qualified) is not None:
            name = qualified.rpartition(".")[2]
            why = f"`{qualified.rpartition('.')[0]}` has no statement `class {name}`, {unknown}"
            how = f"write `class {name}(FlowSpec):` at the top level of that module"
    else:
        why = f"`{top}` is neither beside the flow, nor in a source root, nor installed beside flowc, {unknown}"
        how = (
            f"install the package that has it beside flowc (`pip install …`), or name the folder that `{top}` is "
            "imported from with `--source-root`"
        )
    return Diagnostic("FLOW105", what, span(owner.module.source, node), why, how)


def _harmless(qualified: str) -> bool:
    from .resolver import is_standard

    return is_standard(qualified)


def _merge(orders: list[list[tuple[str, str]]]) -> list[tuple[str, str]] | None:
    """Merges orders as C3 does: takes the first head that is in no other tail, repeatedly.

    None if there is no such head.
    """
    orders = [list(order) for order in orders if order]
    merged = []
    while orders:
        head = next((order[0] for order in orders if not any(order[0] in other[1:] for other in orders)), None)
        if head is None:
            return None
        merged.append(head)
        orders = [rest for order in orders if (rest := [key for key in order if key != head])]
    return merged
