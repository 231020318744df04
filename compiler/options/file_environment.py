"""Variables that the flow's own file sets at its top level, as in `os.environ["METAFLOW_RUN_ALPHA"] = "0.5"`.

Metaflow imports the file before it reads parameters and configs, so these variables apply to both. flowc honours
those whose values fold.
"""

from __future__ import annotations

import json

from ..fast_start.record import replace
from ..fold.budget import Unfoldable
from ..source.bindings import statements
from .compile_inputs import CompileOptions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..fold.evaluator import Evaluator
    from ..source.modules import Module

PREFIX = "METAFLOW_"
CONFIGS = (("METAFLOW_FLOW_CONFIG", "config_files"), ("METAFLOW_FLOW_CONFIG_VALUE", "config_values"))


def variables(evaluator: Evaluator, module: Module) -> dict[str, str]:
    """Returns the METAFLOW variables that the module's top level sets to values that fold; the last one counts."""
    if PREFIX not in module.source.text:
        return {}
    pairs: dict[str, str] = {}
    for statement in statements(module.source.root):
        for node in statement.named_children() if statement.kind() == "expression_statement" else []:
            left, right = (node.field("left"), node.field("right")) if node.kind() == "assignment" else (None, None)
            if left is None or right is None or left.kind() != "subscript":
                continue
            owner, key = left.field("value"), left.field("subscript")
            if owner is None or key is None or evaluator.resolver.qualify(module, owner.text()) != "os.environ":
                continue
            try:
                name, value = (
                    evaluator.fold(node.text(), lambda dotted: evaluator.constant(module, dotted))
                    for node in (key, right)
                )
            except Unfoldable:
                continue
            if isinstance(name, str) and isinstance(value, str) and name.startswith(PREFIX):
                pairs[name] = value
    return pairs


def with_configs(options: CompileOptions, own: dict[str, str]) -> CompileOptions:
    """Returns the options, with configs from the file's own variables if nothing else gives any.

    The command line and the environment take precedence.
    """
    taken = {name for pairs in (options.config_files, options.config_values) for name, _ in pairs}
    for variable, field in CONFIGS:
        try:
            pairs = json.loads(own.get(variable, "{}"))
        except ValueError:
            continue
        if isinstance(pairs, dict):
            new = tuple(
                (name, value if isinstance(value, str) else json.dumps(value))
                for name, value in pairs.items()
                if name not in taken
            )
            options = replace(options, **{field: (*getattr(options, field), *new)})
    return options
