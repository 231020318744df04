"""`render`: a template and its data, to text."""

from __future__ import annotations

from .runtime import Context, Environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def module_name(template: str) -> str:
    """`argo/workflow_template.yaml` → `argo__workflow_template_yaml`."""
    return template.replace("/", "__").replace(".", "_").replace("-", "_")


def render(template: str, **values: Any) -> str:
    """Returns the text of `template` (its path here without `.j2`), in which each value is a literal of its language, the extension.

    Raises TemplateRuntimeError for a name that was not given, TypeError for a value that no literal can say.
    """
    from importlib import import_module

    language = template.rpartition(".")[2]
    root = import_module(f"{__package__}.compiled.{module_name(template)}").root
    return "".join(root(Context(values), environment=Environment(language)))
