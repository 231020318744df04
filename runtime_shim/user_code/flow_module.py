"""Imports the flow's module from its own folder, under its own name, without starting anything."""

from __future__ import annotations

import os
import sys
from _frozen_importlib import module_from_spec
from _frozen_importlib_external import SourceFileLoader, spec_from_file_location

from ..api import metaflow_alias
from ..contract.errors import ShimError
from ..contract.semantics import LEFT_OUT, LEFT_TO_CONTAINER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional


class _Once(SourceFileLoader):
    """A loader for a file that is imported once. Caching the compiled code would take longer than compiling it."""

    def get_code(self, fullname: str) -> Any:
        from ..fast_start.compile_module import module_code

        source = self.get_data(self.path)
        return module_code(source, self.path) or self.source_to_code(source, self.path)


def import_flow(
    folder: str, file: str, class_name: str, once: bool = False, plugins: Optional[Dict[str, str]] = None
) -> Any:
    """Returns the flow class.

    Exceptions of the user's module propagate unchanged. With `once`, the folder is temporary. `plugins` are the
    decorators of plug-ins that the flow imports: qualified name → name.

    The folder goes first on `sys.path`, as when the file is run. The module is named after the file, so that a class
    from the flow's own file that one task pickles is found again in other tasks, on any engine.
    """
    start_site()
    metaflow_alias.install()
    folder = os.path.abspath(folder)
    if "/" in file and "FLOWC_SOURCE_ROOTS" in os.environ:
        folder = _holder(folder, file)
    if folder not in sys.path[:1]:
        sys.path.insert(0, folder)
    if "FLOWC_SOURCE_ROOTS" in os.environ:  # only where the flow is not in a code package
        from . import source_roots

        source_roots.install(folder)
    if plugins:
        from .plugins import know

        know(plugins)
    name = module_name(file)
    package = file.rpartition("/")[0].replace("/", ".")
    if package:  # as for `python -m PACKAGE.FLOW`: the flow's imports may be relative
        __import__(package)
        name = f"{package}.{name}"
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
    flow_class = getattr(module, class_name, None)
    if flow_class is None:
        raise ShimError(f"{file} has no class {class_name}")
    return flow_class


def _holder(folder: str, file: str) -> str:
    """Returns the source root that holds the flow's file, if its package begins above the flow's folder."""
    from ..contract.source_roots import given

    parts = file.split("/")
    return next((root for root in given() if os.path.isfile(os.path.join(root, *parts))), folder)


def load_flow(folder: str, flow: Dict[str, Any], once: bool = False) -> Any:
    """Returns the flow's class after its configs and mutators. `flow` is the IR's JSON form.

    Exceptions of the user's code propagate.
    """
    plugins: Dict[str, str] = {}
    reads_files = False
    for given in flow.get("inputs", ()):
        if given["kind"] == "env" and given["value"] != LEFT_TO_CONTAINER:
            os.environ.setdefault(given["name"], given["value"])  # the source reads it when it is imported
        elif given["kind"] == "plugin":
            plugins[given["name"]] = given["name"].rpartition(".")[2]
        elif given["kind"] == "file" and given["name"] == given["value"]:
            reads_files = True  # perhaps by a path from the current folder
    current = os.getcwd() if reads_files and once else ""
    if current:
        os.chdir(folder)
    try:
        flow_class = import_flow(folder, flow["file"], flow["name"], once, plugins)
    finally:
        if current:
            os.chdir(current)
    values: Dict[str, Any] = {}
    if flow.get("configs"):
        from .. import config

        values = config.of_flow(flow)
        config.active.clear()
        config.active.update(values)
    if flow.get("mutators") and "_flowc_mutated" not in flow_class.__dict__:
        from . import mutators

        mutators.know(flow["decorators_known"])
        mutators.apply(
            flow_class,
            values,
            attach=[attached["name"] for attached in flow.get("inputs", ()) if attached["kind"] == "with"],
        )
        flow_class._flowc_mutated = True
    if not flow.get("mutators"):
        _see_that_all_was_read(flow_class, flow)
    return flow_class


def _see_that_all_was_read(flow_class: Any, flow: Dict[str, Any]) -> None:
    """Raises ShimError if Python sees parameters or decorators in the flow that reading its source did not find.

    The flow would otherwise have a different meaning than its author's.
    """
    declared = {declaration["attribute"] for declaration in (*flow["parameters"], *flow.get("configs", ()))}
    left_out = [item["name"].rpartition(".")[2] for item in flow.get("inputs", ()) if item["value"] == LEFT_OUT]
    for owner in flow_class.__mro__:
        for name, value in vars(owner).items():
            if (
                name not in declared
                and getattr(type(value), "_flowc_declares", False)
                and getattr(flow_class, name, None) is value
            ):
                what = f"`{name}` of {flow['name']} is a {type(value).__name__}, which flowc cannot see in its source"
                raise ShimError(
                    f"{what}: write `{name} = {type(value).__name__}('{name}', …)` in the body of the class"
                )
        for name in [
            name
            for name, _ in vars(owner).get("_flowc_written", ())
            if name not in [*left_out, *(decorator["name"] for decorator in flow["decorators"])]
        ]:
            raise ShimError(
                f"{owner.__name__} has the decorator `@{name}`, which flowc cannot see in its source: write it above "
                "the class"
            )
    for step in flow["steps"]:
        written = getattr(getattr(flow_class, step["name"], None), "__dict__", {}).get("_flowc_written", ())
        for name in [
            name
            for name, _ in written
            if name not in [*left_out, *(decorator["name"] for decorator in step["decorators"])]
        ]:
            raise ShimError(
                f"step `{step['name']}` has the decorator `@{name}`, which flowc cannot see in its source: write it "
                "above `@step`"
            )


def start_site() -> None:
    """Does what Python does at its start without -S: site-packages, `.pth` files, `sitecustomize`."""
    if sys.flags.no_site and "site" not in sys.modules:
        import site

        site.main()


def module_name(file: str) -> str:
    """Returns the module name for the flow's file: its own, unless Python's library has a module with that name."""
    stem = file.rpartition("/")[2]
    stem = stem[:-3] if stem.endswith(".py") else stem
    name = "".join(character if character.isalnum() or character == "_" else "_" for character in stem)
    standard = getattr(sys, "stdlib_module_names", sys.builtin_module_names)
    return f"flow_{name}" if not name.isidentifier() or name in standard or name in ("flowc", "metaflow") else name
