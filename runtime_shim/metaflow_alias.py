"""`import metaflow` as flowc's own API, so that an unmodified flow runs whether Metaflow is installed or not.

`install` puts a finder before all others (the shim does, before it imports a flow); `fallback` puts it last, so that it only answers when
nobody else does.
"""

from __future__ import annotations

import sys
from _frozen_importlib import ModuleSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


class _Finder:
    """Finder and loader; not derived from `importlib.abc`, whose import takes longer than a task may."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name == "metaflow" or name.startswith("metaflow."):
            return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]  # it is one by its methods
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return type(sys)(spec.name, "Metaflow's names, as flowc gives them.")

    def exec_module(self, module: ModuleType) -> None:
        from . import api, exceptions

        module.__path__ = []
        home = {"metaflow": api, "metaflow.exception": exceptions}.get(module.__name__)
        if home is not None:
            module.__dict__.update({name: value for name, value in home.__dict__.items() if not name.startswith("__")})
        module.__dict__["__all__"] = list(api.__all__)

        def missing(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            if home is api:
                return getattr(api, name)
            return api.Unsupported(f"{module.__name__}.{name}".partition(".")[2])

        module.__getattr__ = missing  # type: ignore[method-assign]


def install() -> None:
    """From now on `import metaflow` is flowc's, in this process."""
    if not any(isinstance(each, _Finder) for each in sys.meta_path[:1]):
        sys.meta_path.insert(0, _Finder())
    loaded = sys.modules.get("metaflow")
    if loaded is not None and not isinstance(getattr(loaded, "__loader__", None), _Finder):
        for name in [each for each in sys.modules if each == "metaflow" or each.startswith("metaflow.")]:
            del sys.modules[name]


def fallback() -> Any:
    """From now on `import metaflow` is flowc's, unless something else answers to the name. Returns the finder."""
    finder = _Finder()
    sys.meta_path.append(finder)
    return finder
