"""`import metaflow` as flowc's own API, so that an unmodified flow runs with or without Metaflow installed.

`install` puts a finder before all others; the shim calls it before it imports a flow. `fallback` puts the finder last,
so that it answers only if no other does. The modules below `metaflow` that flows import have flowc's names. Names of
Metaflow's other modules can be imported, and fail where they are used.
"""

from __future__ import annotations

import sys
from _frozen_importlib import ModuleSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


# Metaflow's module → modules of the shim that provide its names
_MODULES = {
    "metaflow": ("api.names",),
    "metaflow._vendor": (),
    "metaflow.cards": ("cards",),
    "metaflow.client": ("client",),
    "metaflow.client.core": ("client",),
    "metaflow.current": ("api.current",),
    "metaflow.datatools": ("client.s3",),
    "metaflow.datatools.s3": ("client.s3",),
    "metaflow.decorators": ("api.names",),
    "metaflow.events": ("client",),
    "metaflow.exception": ("exceptions",),
    "metaflow.flowspec": ("user_code.flowspec", "exceptions"),
    "metaflow.includefile": ("api.names",),
    "metaflow.integrations": ("api.events",),
    "metaflow.metaflow_config": ("api.metaflow_config",),
    "metaflow.metaflow_config_funcs": ("api.metaflow_config_funcs",),
    "metaflow.metaflow_current": ("api.current",),
    "metaflow.metaflow_profile": ("api.profiling",),
    "metaflow.metaflow_version": ("api.metaflow_version",),
    "metaflow.multicore_utils": ("api.parallel_map", "exceptions"),
    "metaflow.packaging_sys": ("user_code.packaging",),
    "metaflow.parameters": ("api.names",),
    "metaflow.plugins": (),
    "metaflow.plugins.argo": (),
    "metaflow.plugins.argo.argo_events": ("api.events",),
    "metaflow.plugins.aws": (),
    "metaflow.plugins.aws.aws_client": ("api.aws_client",),
    "metaflow.plugins.cards": (),
    "metaflow.plugins.cards.card_client": ("cards.client",),
    "metaflow.plugins.cards.card_decorator": ("cards.current_card", "cards.exceptions"),
    "metaflow.plugins.cards.card_modules": ("cards.base",),
    "metaflow.plugins.cards.card_modules.basic": ("cards.basic", "cards.types", "cards.native_types", "cards.base"),
    "metaflow.plugins.cards.card_modules.card": ("cards.base",),
    "metaflow.plugins.cards.card_modules.chevron": ("cards.mustache",),
    "metaflow.plugins.cards.card_modules.chevron.renderer": ("cards.mustache",),
    "metaflow.plugins.cards.card_modules.components": ("cards.components", "cards.base"),
    "metaflow.plugins.cards.card_modules.convert_to_native_type": ("cards.native_types",),
    "metaflow.plugins.cards.card_modules.json_viewer": ("cards.components", "cards.base"),
    "metaflow.plugins.cards.card_modules.renderer_tools": ("cards.rendering",),
    "metaflow.plugins.cards.card_modules.test_cards": ("cards.cards_for_tests",),
    "metaflow.plugins.cards.component_serializer": ("cards.current_card", "cards.basic", "cards.components"),
    "metaflow.plugins.cards.exception": ("cards.exceptions",),
    "metaflow.plugins.catch_decorator": ("exceptions",),
    "metaflow.plugins.datatools": ("client.s3",),
    "metaflow.plugins.datatools.s3": ("client.s3",),
    "metaflow.plugins.datatools.s3.s3": ("client.s3",),
    "metaflow.plugins.parallel_decorator": ("user_code.flowspec",),
    "metaflow.plugins.parsers": ("api.names",),
    "metaflow.plugins.timeout_decorator": ("exceptions",),
    "metaflow.plugins.torchrun_libs": (),
    "metaflow.plugins.torchrun_libs.executor": ("extensions.torchrun", "extensions.exceptions"),
    "metaflow.profilers": ("api.names",),
    "metaflow.runner": ("client",),
    "metaflow.runner.deployer": ("api.names",),
    "metaflow.runner.metaflow_runner": ("client",),
    "metaflow.runner.nbrun": ("client",),
    "metaflow.unbounded_foreach": ("user_code.flowspec",),
    "metaflow.util": ("api.metaflow_util",),
    "metaflow.user_configs": (),
    "metaflow.user_configs.config_decorators": ("api.names",),
    "metaflow.user_configs.config_parameters": ("api.names",),
    "metaflow.user_decorators": (),
    "metaflow.user_decorators.user_flow_decorator": ("api.names",),
    "metaflow.user_decorators.user_step_decorator": ("api.names",),
}
_VENDORED = "metaflow._vendor."  # what is below is another project's: the installed module of that name
_STAND_INS = {"click": "api.click_types"}  # where it is not installed
_EXACT = ("metaflow", "metaflow.metaflow_config")  # what these lack, Metaflow has not either


def _is_metaflow_s(name: str) -> bool:
    """True for a module of Metaflow's that flowc lacks: it can be imported, and its names fail where they are used."""
    if name.rpartition(".")[0] in _EXACT[1:]:
        return False
    return name.split(".")[1] in _imported("contract.public_names").INTERNAL


class _Finder:
    """A finder and loader.

    It does not derive from `importlib.abc`, which would take longer to import than a task may take.
    """

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name == "metaflow" or name.startswith("metaflow."):
            return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]  # it is one by its methods
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return type(sys)(spec.name, "Metaflow's names, as flowc gives them.")

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        if name.startswith(_VENDORED):
            sys.modules[name] = _vendored(name[len(_VENDORED) :])  # the import system hands on what is there
            return
        if name not in _MODULES and not _is_metaflow_s(name):
            text = (
                f"{name} is not part of Metaflow's documented API: flowc provides the documented names, and none of "
                "Metaflow's internals"
            )
            raise ImportError(text, name=name)  # not ModuleNotFoundError, whose text `from metaflow import x` swallows
        module.__path__ = []
        homes = [_imported(home_name) for home_name in _MODULES.get(name, ())]
        for home in reversed(homes):
            module.__dict__.update({key: value for key, value in home.__dict__.items() if not key.startswith("_")})
        if name == "metaflow":
            module.__dict__["__all__"] = list(homes[0].__all__)
            module.__dict__["__version__"] = "2.19.39"  # the release whose language this is

        def missing(key: str) -> Any:
            if key.startswith("__"):
                raise AttributeError(key)
            for home in homes:
                if hasattr(home, "__getattr__"):
                    try:
                        return getattr(home, key)
                    except AttributeError:
                        if name in _EXACT:
                            raise
            if name + "." == _VENDORED:
                raise AttributeError(f"metaflow._vendor.{key} is not imported")  # an import goes on to import it
            if name in _EXACT or f"{name}.{key}" in _MODULES:
                raise AttributeError(
                    f"{name}.{key} is not part of Metaflow's documented API, which is all that flowc provides"
                )
            return _imported("api.unsupported").Unsupported(f"{name}.{key}")

        module.__getattr__ = missing  # type: ignore[method-assign]


def _vendored(name: str) -> Any:
    """Returns the module of another project that Metaflow has a copy of."""
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        if name in _STAND_INS:
            return _imported(_STAND_INS[name])
        text = f"metaflow._vendor.{name} is a copy of the package `{error.name}`: install that"
        raise ImportError(text, name=f"metaflow._vendor.{name}") from None
    return sys.modules[name]


def _imported(name: str) -> Any:
    full = f"flowc.runtime_shim.{name}"
    __import__(full)
    return sys.modules[full]


def install() -> None:
    """Makes `import metaflow` give flowc's API in this process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path[:1]):
        sys.meta_path.insert(0, _Finder())
    loaded = sys.modules.get("metaflow")
    if loaded is not None and not isinstance(getattr(loaded, "__loader__", None), _Finder):
        for name in [module for module in sys.modules if module == "metaflow" or module.startswith("metaflow.")]:
            del sys.modules[name]


def fallback() -> Any:
    """Makes `import metaflow` give flowc's API unless another finder knows the name. Returns the finder."""
    finder = _Finder()
    sys.meta_path.append(finder)
    return finder
