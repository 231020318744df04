"""Importing the flow's module: from its own folder, under a name of its own, without starting anything."""

from __future__ import annotations

import os
import sys
from _frozen_importlib import module_from_spec
from _frozen_importlib_external import SourceFileLoader, spec_from_file_location

from ..api import metaflow_alias
from ..contract.errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict


class _Once(SourceFileLoader):
    """For a file that is imported once: to keep it compiled would take longer than it takes to compile."""

    def get_code(self, fullname: str) -> Any:
        from ..fast_start.compile_module import module_code

        source = self.get_data(self.path)
        return module_code(source, self.path) or self.source_to_code(source, self.path)


def import_flow(folder: str, file: str, class_name: str, once: bool = False) -> Any:
    """Returns the flow class. Exceptions of the user's module come through as they are. `once`: the folder is gone when the task has ended.

    The folder goes first on `sys.path`, as when the file is run. The module's name is the file's, so that a class of the flow's own file that
    is pickled in one task is found again in another, on any engine.
    """
    _site()
    metaflow_alias.install()
    folder = os.path.abspath(folder)
    if folder not in sys.path[:1]:
        sys.path.insert(0, folder)
    if "FLOWC_SOURCE_ROOTS" in os.environ:  # only where the flow is not in a code package
        from . import source_roots

        source_roots.install(folder)
    name = module_name(file)
    module = sys.modules.get(name)
    path = os.path.join(folder, *file.split("/"))
    if module is None or getattr(module, "__file__", None) != path:
        spec = spec_from_file_location(name, path, loader=_Once(name, path) if once else None)
        if spec is None or spec.loader is None or not os.path.exists(path):
            raise ShimError(f"the code package has no {file}")
        module = module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            sys.modules.pop(name, None)
            raise
    found = getattr(module, class_name, None)
    if found is None:
        raise ShimError(f"{file} has no class {class_name}")
    return found


def load_flow(folder: str, flow: Dict[str, Any], once: bool = False) -> Any:
    """Returns the flow's class as its configs and mutators make it. `flow` is the IR's JSON form. Exceptions of the user's code come through."""
    found = import_flow(folder, flow["file"], flow["name"], once)
    values: Dict[str, Any] = {}
    if flow.get("configs"):
        from .. import config

        values = config.of_flow(flow)
        config.active.clear()
        config.active.update(values)
    if flow.get("mutators") and "_flowc_mutated" not in found.__dict__:
        from . import mutators

        mutators.know(flow["decorators_known"])
        mutators.apply(
            found, values, attach=[each["name"] for each in flow.get("inputs", ()) if each["kind"] == "with"]
        )
        found._flowc_mutated = True
    if not flow.get("mutators"):
        _see_that_all_was_read(found, flow)
    return found


def _see_that_all_was_read(flow_class: Any, flow: Dict[str, Any]) -> None:
    """Raises ShimError if Python has made something of the flow that reading it did not find: it would have another meaning than its author's."""
    known = {each["attribute"] for each in (*flow["parameters"], *flow.get("configs", ()))}
    for owner in flow_class.__mro__:
        for name, value in vars(owner).items():
            if (
                name not in known
                and getattr(type(value), "_flowc_declares", False)
                and getattr(flow_class, name, None) is value
            ):
                what = f"`{name}` of {flow['name']} is a {type(value).__name__}, which cannot be seen in its source"
                raise ShimError(
                    f"{what}: write `{name} = {type(value).__name__}('{name}', …)` in the body of the class"
                )
        for name in [
            name
            for name, _ in vars(owner).get("_flowc_written", ())
            if name not in [each["name"] for each in flow["decorators"]]
        ]:
            raise ShimError(
                f"{owner.__name__} has the decorator `@{name}`, which cannot be seen in its source: write it above the class"
            )
    for step in flow["steps"]:
        written = getattr(getattr(flow_class, step["name"], None), "__dict__", {}).get("_flowc_written", ())
        for name in [name for name, _ in written if name not in [each["name"] for each in step["decorators"]]]:
            raise ShimError(
                f"step `{step['name']}` has the decorator `@{name}`, which cannot be seen in its source: write it above `@step`"
            )


def _site() -> None:
    """What Python does when it starts, unless it was told not to (-S): site-packages, `.pth` files, `sitecustomize`."""
    if sys.flags.no_site and "site" not in sys.modules:
        import site

        site.main()


def module_name(file: str) -> str:
    """The name under which the flow's file is imported: its own, unless Python's library has a module of that name."""
    stem = file.rpartition("/")[2]
    stem = stem[:-3] if stem.endswith(".py") else stem
    name = "".join(each if each.isalnum() or each == "_" else "_" for each in stem)
    standard = getattr(sys, "stdlib_module_names", sys.builtin_module_names)
    return f"flow_{name}" if not name.isidentifier() or name in standard or name in ("flowc", "metaflow") else name
