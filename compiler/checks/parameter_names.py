"""FLOW302: a parameter with an invalid, reserved or duplicate name.

The name becomes a command-line option and a field of every spec. It must begin with a letter and consist of letters,
digits, `_` and `-`. It must differ from the names of other parameters by more than case. Names such as `run-id` are
options of every run.

Example:

    workers = Parameter("max-workers", default=4)

    @step
    def start(self):
        self.next(self.end)

Use instead:

    workers = Parameter("training-workers", default=4)

    @step
    def start(self):
        self.next(self.end)
"""

from __future__ import annotations

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import Diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

RESERVED = frozenset(
    (
        "params with tag namespace obj tags decospecs run-id-file max-num-splits max-workers max-log-size "
        "user-namespace run-id task-id "
        "runner-attribute-file"
    ).split()
)
RESERVED_ATTRIBUTES = frozenset("cmd foreach_stack index input script_name name next merge_artifacts".split())


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for parameter in analysis.flow.parameters:
        name = parameter.name
        if not _is_legal(name):
            why = "it becomes a command-line option and a field of every spec"
            how = "use letters, digits, `_` and `-`, beginning with a letter"
            yield Diagnostic("FLOW302", f"`{name}` is not a valid parameter name", parameter.span, why, how)
        elif _is_reserved(name):
            yield Diagnostic(
                "FLOW302",
                f"the name `{name}` is reserved",
                parameter.span,
                "every run already has an option of this name",
                "choose a different name",
            )
        if parameter.attribute in RESERVED_ATTRIBUTES or parameter.attribute.startswith("_"):
            what = f"a parameter cannot be assigned to the attribute `{parameter.attribute}`"
            yield Diagnostic(
                "FLOW302",
                what,
                parameter.span,
                "every flow already has an attribute of this name, so the parameter would have no effect",
                "choose a different attribute",
            )
        if name.lower() in seen:
            what = f"the parameter `{name}` is defined twice"
            yield Diagnostic(
                "FLOW302",
                what,
                parameter.span,
                f"`{seen[name.lower()]}` has the same name, since case does not matter",
                "choose a different name",
            )
        seen[name.lower()] = parameter.attribute
    for config in analysis.flow.configs:
        if _is_reserved(config.name):
            what = f"the name `{config.name}` is reserved, for configs too"
            yield Diagnostic(
                "FLOW302", what, config.span, "every run already has an option of this name", "choose a different name"
            )


def _is_reserved(name: str) -> bool:
    return name in RESERVED or name in {reserved.replace("-", "_") for reserved in RESERVED}


def _is_legal(name: str) -> bool:
    return (
        name.isascii()
        and name[:1].isalpha()
        and len(name) <= 128
        and all(character.isalnum() or character in "_-" for character in name)
    )
