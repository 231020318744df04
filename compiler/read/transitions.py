"""The forms of `self.next` (Metaflow's documentation, basics; the table of forms is in docs/language.md)."""

from __future__ import annotations

from ..fold.budget import Unfoldable
from ..ir import nodes
from ..report.diagnostics import Diagnostic, nearest
from ..source.text import span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from ..source.modules import Class

_KEYWORDS = ("foreach", "num_parallel", "condition")


def read_transition(
    evaluator: Evaluator, owner: Class, call: SgNode, self_name: str, class_value: Callable[[str], Any]
) -> tuple[nodes.Transition | None, list[Diagnostic]]:
    """Returns the transition of the call of `self.next`, or None and the diagnostics.

    `class_value` returns the value of a class constant, or raises KeyError.
    """
    reader = _Reader(evaluator, owner, call, self_name, class_value)
    return reader.read(), reader.problems


class _Reader:
    def __init__(
        self, evaluator: Evaluator, owner: Class, call: SgNode, self_name: str, class_value: Callable[[str], Any]
    ) -> None:
        self.evaluator, self.owner, self.call, self.self_name = evaluator, owner, call, self_name
        self.class_value = class_value
        self.problems: list[Diagnostic] = []
        self.source = owner.module.source

    def refuse(self, node: SgNode, what: str, why: str = "", how: str = "") -> None:
        self.problems.append(Diagnostic("FLOW203", what, span(self.source, node), why, how))

    def read(self) -> nodes.Transition | None:
        arguments = self.call.field("arguments")
        positional: list[SgNode] = []
        keywords: dict[str, SgNode] = {}
        for node in arguments.named_children() if arguments is not None else []:
            if node.kind() == "comment":
                continue
            if node.kind() == "keyword_argument":
                key, value = node.field("name"), node.field("value")
                if key is None or value is None:
                    return None
                if key.text() not in _KEYWORDS:
                    close = nearest(key.text(), _KEYWORDS)
                    how = f"did you mean `{close}`?" if close else "write `foreach=`, `num_parallel=` or `condition=`"
                    self.refuse(
                        node,
                        f"`self.next` has no argument `{key.text()}`",
                        "it takes steps, and `foreach`, `num_parallel` or `condition`",
                        how,
                    )
                    return None
                keywords[key.text()] = value
            else:
                positional.append(node)
        if not positional:
            self.refuse(
                self.call,
                "`self.next` names no step",
                "the flow could not continue",
                "write `self.next(self.some_step)`",
            )
            return None
        if len(keywords) > 1:
            self.refuse(self.call, "`self.next` takes only one of `foreach`, `num_parallel` and `condition`")
            return None
        if positional[0].kind() == "dictionary" or "condition" in keywords:
            return self.switch(positional, keywords)
        targets = [self.target(node) for node in positional]
        if None in targets:
            return None
        names = tuple(name for name in targets if name is not None)
        place = span(self.source, self.call)
        if keywords and len(names) != 1:
            self.refuse(
                self.call,
                f"`self.next` with `{next(iter(keywords))}` takes exactly one step",
                "every task runs the same step",
                "split in a separate step",
            )
            return None
        if "foreach" in keywords:
            return self.foreach(names[0], keywords["foreach"], place)
        if "num_parallel" in keywords:
            number = self.value(keywords["num_parallel"])
            return nodes.Parallel(
                names[0], number if isinstance(number, int) and not isinstance(number, bool) else None, place
            )
        return nodes.Linear(names[0], place) if len(names) == 1 else nodes.Split(names, place)

    def target(self, node: SgNode) -> str | None:
        """Returns the step that `self.name` names."""
        owner, attribute = node.field("object"), node.field("attribute")
        if (
            node.kind() == "attribute"
            and attribute is not None
            and owner is not None
            and owner.text() == self.self_name
        ):
            return attribute.text()
        how = f"write `{self.self_name}.STEP`"
        if node.kind() == "string":
            how = f"write `{self.self_name}.{node.text().strip(chr(39) + chr(34))}`, without quotes"
        elif node.kind() == "call":
            how = "name the step without calling it"
        self.refuse(node, f"`{node.text()[:60]}` is not a step", "the graph must be known before the flow runs", how)
        return None

    def foreach(self, target: str, node: SgNode, place: nodes.Span) -> nodes.Transition | None:
        over = self.value(node)
        if isinstance(over, str):
            return nodes.Foreach(target, over, place)
        if over is not None:
            how = "assign the list to an artifact, and give the artifact's name: `foreach='items'`"
            self.refuse(
                node, "`foreach` must be the *name* of an artifact", "each task finds its item by that name", how
            )
            return None
        if node.kind() == "attribute" and node.text().startswith(f"{self.self_name}."):
            name = node.text().partition(".")[2]
            self.refuse(
                node,
                "`foreach` must be the *name* of an artifact",
                "each task finds its item by that name",
                f"write `foreach='{name}'`",
            )
            return None
        return nodes.Foreach(target, None, place)

    def switch(self, positional: list[SgNode], keywords: dict[str, SgNode]) -> nodes.Transition | None:
        condition = keywords.get("condition")
        example = "write `self.next({'yes': self.a, 'no': self.b}, condition='answer')`"
        if condition is None or len(keywords) != 1:
            self.refuse(
                self.call,
                "a switch needs `condition='ARTIFACT'`",
                "a switch chooses by the value of that artifact",
                example,
            )
            return None
        if len(positional) != 1 or positional[0].kind() != "dictionary":
            self.refuse(
                self.call,
                "a switch takes one dict, written as a literal",
                "its cases must be known before the flow runs",
                example,
            )
            return None
        on = self.value(condition) if condition.kind() == "string" else None
        if not isinstance(on, str):
            self.refuse(condition, "`condition` must be the name of an artifact, as literal text", how=example)
            return None
        cases = [self.case(node) for node in positional[0].named_children() if node.kind() != "comment"]
        if None in cases:
            return None
        plain = [case for case in cases if case is not None]
        repeated = [
            case for index, case in enumerate(plain) if any(case.value == other.value for other in plain[:index])
        ]
        for case in repeated:
            self.problems.append(
                Diagnostic(
                    "FLOW203",
                    f"the case `{case.value!r}` is given twice",
                    case.span,
                    "Python keeps only the last of several equal keys",
                    "give each case a different value",
                )
            )
        return nodes.Switch(on, tuple(plain), span(self.source, self.call)) if not repeated else None

    def case(self, node: SgNode) -> nodes.Case | None:
        key, value = node.field("key"), node.field("value")
        if node.kind() != "pair" or key is None or value is None:
            self.refuse(
                node,
                f"`{node.text()[:60]}` is not a valid case of a switch",
                "its cases must be known before the flow runs",
                "write every case as `VALUE: self.STEP`",
            )
            return None
        target = self.target(value)
        is_formatted = key.kind() == "string" and key.text().lower().partition("'")[0].partition('"')[0].count("f")
        is_literal = key.kind() in ("string", "concatenated_string", "integer", "float", "true", "false")
        if (not is_literal and not self.is_of_config(key)) or is_formatted:
            self.refuse(
                key,
                f"`{key.text()[:60]}` is not a valid value of a case",
                "cases must be literal texts, numbers, True or False",
                "write the value itself",
            )
            return None
        if self.is_of_config(key) and not isinstance(self.value(key), (str, int, float, bool)):
            why = "the config lacks this item, or its value is not text, a number, True or False"
            self.refuse(
                key,
                f"`{key.text()[:60]}` is not a valid value of a case",
                why,
                "name an item with a valid value, or write the value itself",
            )
            return None
        folded = self.value(key)
        if not isinstance(folded, (str, int, float, bool)):  # such as bytes
            why = "cases must be literal texts, numbers, True or False"
            self.refuse(key, f"`{key.text()[:60]}` is not a valid value of a case", why, "write the value itself")
            return None
        if target is None:
            return None
        return nodes.Case(folded, target, span(self.source, node))

    def is_of_config(self, node: SgNode) -> bool:
        """Returns True if the expression is an item of a config, `self.CONFIG.KEY`, at any depth."""
        if node.kind() not in ("attribute", "subscript"):
            return False
        names = node.text().replace("[", ".").split(".")
        return (
            len(names) > 2
            and names[0] == self.self_name
            and any(config.attribute == names[1] for config in self.evaluator.configs.values())
        )

    def value(self, node: SgNode) -> Any:
        """Returns the expression's value, or None if only a run knows it."""

        def lookup(name: str) -> Any:
            first, _, rest = name.partition(".")
            return (
                self.class_value(rest)
                if first == self.self_name and rest
                else self.evaluator.constant(self.owner.module, name)
            )

        if node.kind() in ("identifier",) and self.is_local(node.text()):
            return None
        try:
            return self.evaluator.fold(node.text(), lookup)
        except Unfoldable:
            return None

    def is_local(self, name: str) -> bool:
        """Returns True if the step itself binds the name, so that the module's value does not count."""
        function = next(
            (ancestor for ancestor in self.call.ancestors() if ancestor.kind() == "function_definition"), None
        )
        body = function.field("body") if function is not None else None
        if body is None:
            return False
        return any(
            (left := match.field("left")) is not None and left.text() == name
            for kind in ("assignment", "augmented_assignment", "for_statement")
            for match in body.find_all(kind=kind)
        )
