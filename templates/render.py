"""Renders a template with its data to text."""

from __future__ import annotations

from .runtime import Context, Environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def module_name(template: str) -> str:
    """Returns the module of a template: `argo/workflow_template.yaml` → `argo__workflow_template_yaml`."""
    return template.replace("/", "__").replace(".", "_").replace("-", "_")


def render(template: str, **values: Any) -> str:
    """Returns the text of `template`, its path here without `.j2`. Its extension is the language of all values.

    Raises TemplateRuntimeError for an undefined name, TypeError for a value without a literal.
    """
    return renderer(template)(**values)


def renderer(template: str) -> Callable[..., str]:
    """Returns a function that renders the template as `render` does, for many renderings that share texts."""
    from importlib import import_module

    root = import_module(f"{__package__}.compiled.{module_name(template)}").root
    environment = Environment(template.rpartition(".")[2])
    return lambda **values: "".join(root(Context(values), environment=environment))
