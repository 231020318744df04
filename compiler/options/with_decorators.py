"""`--with NAME[:k=v,…]`: a decorator on every step, from the command line instead of the source.

The text form is Metaflow's: attributes are separated by commas followed by `word=`. A value is read as JSON, else as
a whole number, a number, or text. A decorator that a step already has stays unchanged, unless it may be given several
times. In the IR they are decorators like any other.
"""

from __future__ import annotations

from ..decorators._extensions import ELSEWHERE, EXTENSIONS
from ..decorators.decorator import names, plugins, specification
from ..fast_start.record import replace
from ..fold.budget import Unfoldable
from ..ir.nodes import Decorator
from ..read.arguments import plain
from ..report.diagnostics import Diagnostic, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..decorators.decorator import Specification
    from ..ir.nodes import Flow, Step, Value


def attached(flow: Flow, texts: Iterable[str]) -> tuple[Flow, list[Diagnostic]]:
    """Returns the flow with the decorators of the texts on its steps, and the diagnostics of the texts."""
    problems: list[Diagnostic] = []
    for text in texts:
        spec, attributes, wrong = _read(text)
        if spec is not None and not wrong and flow.steps:
            wrong = _wrong(text, spec, attributes, flow.steps[0])
        problems += wrong
        if spec is not None and not wrong:
            flow = replace(flow, steps=tuple(_on(step, spec, attributes) for step in flow.steps))
    return flow, problems


def _wrong(text: str, spec: Specification, attributes: dict[str, Value], step: Step) -> list[Diagnostic]:
    """Yields the faults of the values on any step. Faults on one step only are left to the checks of the flow."""
    alone = _on(replace(step, decorators=()), spec, attributes)
    diagnostics = {diagnostic for diagnostic in spec.check(alone.decorators[0], alone) if diagnostic.code == "FLOW121"}
    return [replace(diagnostic, what=f"`--with {text}`: {diagnostic.what}", span=None) for diagnostic in diagnostics]


def _on(step: Step, spec: Specification, attributes: dict[str, Value]) -> Step:
    """Returns the step with the decorator above its own, where Metaflow would put it."""
    if any(decorator.name == spec.name for decorator in step.decorators) and not spec.multiple:
        return step
    return replace(
        step, decorators=(Decorator(spec.name, {**spec.attributes, **attributes}, step.span), *step.decorators)
    )


def _read(text: str) -> tuple[Specification | None, dict[str, Value], list[Diagnostic]]:
    """Returns the decorator that the text names, the attributes that it gives, and diagnostics."""
    name, _, rest = text.partition(":")
    name = name.strip()
    spec = specification(name)
    if spec is None or spec.level != "step":
        broken = plugins().problem(name, None) if spec is None else None
        return None, {}, [_unknown(text, name, spec) if broken is None else broken]
    attributes: dict[str, Value] = {}
    problems: list[Diagnostic] = []
    for part in _parts(rest):
        attribute, equals, value = part.partition("=")
        attribute = attribute.strip()
        if not equals:
            why = f"`{part}` gives no attribute a value"
            problems.append(
                Diagnostic(
                    "FLOW117",
                    f"invalid option `--with {text}`",
                    None,
                    why,
                    f"write `--with {name}:attribute=value`",
                )
            )
        elif attribute not in spec.attributes:
            close = nearest(attribute, spec.attributes)
            how = (
                f"did you mean `{close}`?"
                if close
                else "its attributes are " + (", ".join(f"`{attribute}`" for attribute in spec.attributes) or "none")
            )
            problems.append(
                Diagnostic(
                    "FLOW113",
                    f"`--with {text}`: `@{name}` has no attribute `{attribute}`",
                    None,
                    "the value would have no effect",
                    how,
                )
            )
        else:
            try:
                attributes[attribute] = _value(value.strip(), spec.attributes[attribute])
            except Unfoldable as error:
                problems.append(
                    Diagnostic(
                        "FLOW117",
                        f"invalid option `--with {text}`",
                        None,
                        str(error.args[0]),
                        "give a different value",
                    )
                )
    return spec, attributes, problems


def _parts(text: str) -> list[str]:
    """Returns the attributes of a text, split at each comma followed by a word and `=`."""
    import re

    return re.split(r",(?=[\s\w]+=)", text) if text.strip() else []


def _value(text: str, default: Value) -> Value:
    """Returns the value of the text. For an attribute that is True or False, Python's spellings are accepted too.

    Raises Unfoldable.
    """
    import json

    try:
        return plain(json.loads(text.replace('\\"', '"')))
    except (ValueError, RecursionError):
        pass
    if isinstance(default, bool) and text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return plain(kind(text))
        except (ValueError, OverflowError):
            pass
    return plain(text)


def _unknown(text: str, name: str, spec: Specification | None) -> Diagnostic:
    what = f"`--with {text}` names no decorator of steps"
    if spec is not None:
        return Diagnostic(
            "FLOW112",
            f"`--with {text}`: `@{name}` belongs on the flow class",
            None,
            "`--with` adds decorators to steps",
            "write it above the class",
        )
    if name in EXTENSIONS or name in ELSEWHERE:
        what = f"`--with {text}`: `@{name}` belongs to an extension, not to Metaflow's core"
        why = "it comes with an extension, whose decorators flowc cannot compile"
        how = EXTENSIONS[name][1] if name in EXTENSIONS else "state what the tasks need with `@resources`"
        return Diagnostic("FLOW115", what, None, why, how)
    if "." in name:
        why = "to find your decorator by its path, the compiler would have to import your code"
        return Diagnostic(
            "FLOW118", f"`--with {text}` names a decorator by its path", None, why, "write it above the steps"
        )
    close = nearest(
        name, [name for name in names() if (one := specification(name)) is not None and one.level == "step"]
    )
    how = f"did you mean `{close}`?" if close else "use one of the step decorators in the documentation"
    return Diagnostic(
        "FLOW110",
        what,
        None,
        "flowc cannot compile a decorator that it does not know, and leaving it out would change the flow",
        how,
    )
