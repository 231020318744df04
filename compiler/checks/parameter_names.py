"""FLOW302: a parameter whose name is taken, reserved or not possible.

The name becomes an option of the command line and a field of every spec. It begins with a letter, has letters, digits, `_` and `-`, and is
different from every other parameter's even where case does not count. Names such as `run-id` are options that every run has.

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

from collections.abc import Iterator

from flowc.compiler.dataflow.analysis import Analysis
from flowc.compiler.report.diagnostics import Diagnostic

RESERVED = frozenset(
    (
        "params with tag namespace obj tags decospecs run-id-file max-num-splits max-workers max-log-size user-namespace run-id task-id "
        "runner-attribute-file"
    ).split()
)
RESERVED_ATTRIBUTES = frozenset("cmd foreach_stack index input script_name name next merge_artifacts".split())


def check(analysis: Analysis) -> Iterator[Diagnostic]:
    seen: dict[str, str] = {}
    for parameter in analysis.flow.parameters:
        name = parameter.name
        if not _is_legal(name):
            why = "it becomes an option of the command line and a field of every spec"
            how = "use letters, digits, `_` and `-`, and begin with a letter"
            yield Diagnostic("FLOW302", f"`{name}` cannot be the name of a parameter", parameter.span, why, how)
        elif _is_reserved(name):
            yield Diagnostic(
                "FLOW302",
                f"the name `{name}` is reserved",
                parameter.span,
                "it is an option of every run",
                "choose another name",
            )
        if parameter.attribute in RESERVED_ATTRIBUTES or parameter.attribute.startswith("_"):
            what = f"a parameter cannot be the attribute `{parameter.attribute}`"
            yield Diagnostic(
                "FLOW302",
                what,
                parameter.span,
                "the name has a meaning of its own in every flow",
                "choose another attribute",
            )
        if name.lower() in seen:
            what = f"the parameter `{name}` is there twice"
            yield Diagnostic(
                "FLOW302",
                what,
                parameter.span,
                f"`{seen[name.lower()]}` has the same name; case does not count",
                "choose another name",
            )
        seen[name.lower()] = parameter.attribute
    for config in analysis.flow.configs:
        if _is_reserved(config.name):
            what = f"the name `{config.name}` is reserved, also for a config"
            yield Diagnostic("FLOW302", what, config.span, "it is an option of every run", "choose another name")


def _is_reserved(name: str) -> bool:
    return name in RESERVED or name in {each.replace("-", "_") for each in RESERVED}


def _is_legal(name: str) -> bool:
    return (
        name.isascii()
        and name[:1].isalpha()
        and len(name) <= 128
        and all(each.isalnum() or each in "_-" for each in name)
    )
