"""The modules that every command about a flow needs, compiled, in one file.

Python finds each module, compares its bytecode with its source, reads it, and notes where it came from. For ninety
small modules that takes as long as running them does. The file holds them all, in the order in which they need one
another. A command that finds no valid file writes it at its end, beside the bytecode of this module, if it may.

The file is valid for one version of Python, for packages in the same folders, and as long as each source has the time
and the size that it had: the conditions for the bytecode of one module. If one does not hold, the modules are imported
one by one. All other modules always are.

The plain version is to do nothing. Deleting this file costs 3 ms of processor time a command, where a small compile
takes 29.
"""

from __future__ import annotations

import os
import sys
from _frozen_importlib_external import MAGIC_NUMBER
from marshal import dumps, loads

from .imports import QuickLoader, head_of, keeps_bytecode, spec_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType

    Part = tuple[str, str, str, bytes, CodeType]  # a module's name, source, bytecode, the head of that, and its code

COMMANDS = ("check", "compile", "lock", "run", "show")
PACKAGES = {  # those whose folders the modules are in
    "": ("flowc", "flowc.compiler", "flowc.runtime_shim"),
    "compile": ("flowc", "flowc.compiler", "flowc.runtime_shim", "flowc.targets", "flowc.templates"),
    "lock": ("flowc", "flowc.compiler", "flowc.runtime_shim", "flowc.targets"),
}
GROUPS = {  # of modules of flowc, in the order in which they need one another; a star: all of that package
    "": """
    commands compiler.fast_start.record options terminal cli compiler.report compiler.ir compiler.ir.nodes
    compiler.report.diagnostics compiler.options compiler.options.compile_inputs compiler.dataflow
    compiler.dataflow.foreach_values compiler.decorators runtime_shim.contract runtime_shim.contract.semantics
    compiler.decorators.decorator compiler.fold compiler.names runtime_shim.contract.decorator_names
    runtime_shim.contract.public_names compiler.names.metaflow_api compiler.names.resolver compiler.source
    compiler.source.bindings compiler.fast_start.syntax compiler.source.text compiler.source.modules
    compiler.fold.budget compiler.fold.values compiler.fold.evaluator compiler.names.classes compiler.package
    compiler.package.card_extensions compiler.package.closure compiler.checks compiler.ir.scopes compiler.read
    compiler.read.arguments compiler.read.helper_declarations compiler.read.members compiler.dataflow.effects
    compiler.dataflow.effects.records compiler.dataflow.effects.functions compiler.dataflow.layers
    compiler.dataflow.assigned compiler.dataflow.analysis compiler.source.docstring compiler.read.metaflow_imports
    compiler.read.reading compiler.read.transitions compiler.read.flow compiler.report.judgement
    compiler.source.sources compiler.passes compiler.pipeline settings flow_source source_options
    compiler.dataflow.effects.reader compiler.dataflow.effects.expression compiler.dataflow.effects.calls
    compiler.dataflow.effects.binding compiler.dataflow.effects.statement compiler.read.caught compiler.checks.*
    """,
    "compile": """
    targets.target files deployments compiler.package.archive stale_files compiler.options.deploy_time_defaults
    environments environments.demand formats merged_diagnostics targeting commands.compile
    compiler.options.schedules targets.shared targets.shared.provenance templates.escape templates.runtime
    templates.render targets.shared.step_settings targets.shared.inside targets.shared.task_arguments
    targets.shared.name_digest targets.shared.refusals compiler.ir.json_form runtime_shim.contract.digest
    templates.compiled
    """,
    "lock": """
    files environments environments.demand environments.moments environments.shown environments.uv_command
    compiler.decorators._kinds
    compiler.decorators._packages environments.requests environments.locks environments.platforms
    compiler.fast_start.child runtime_shim.fast_start runtime_shim.fast_start.json_text runtime_shim.contract.digest
    environments.quick_reading environments.pylock environments.requirements_text environments.tags environments.uv
    environments.sources environments.resolve commands.lock targets.target
    """,
}


def load(command: str) -> list[str]:
    """Creates the modules, as if each were imported from its file. Returns the groups that have no valid file."""
    if command not in COMMANDS or not keeps_bytecode():
        return []
    invalid: list[str] = []
    for group in ("", command):
        if group in GROUPS and (invalid or not _load(group)):  # a command's modules need those of all commands
            invalid.append(group)
    return invalid


def _load(group: str) -> bool:
    try:
        with open(_path(group), "rb", 0) as file:
            data = file.read()
        if not data.startswith(MAGIC_NUMBER):
            return False
        folders, parts = loads(memoryview(data)[len(MAGIC_NUMBER) :])
        parts = tuple(part for part in parts if part[0] not in sys.modules)
        if folders != _folders(group) or not all(_is_valid(part) for part in parts):
            return False
    except (OSError, ValueError, EOFError, TypeError):
        return False
    _create(parts)
    return True


def write(group: str) -> None:
    """Writes the group's file, if the process has imported its modules, and Python would write bytecode there."""
    path = _path(group)
    if sys.dont_write_bytecode or not os.access(os.path.dirname(path), os.W_OK):
        return
    parts: list[Part] = []
    for name in names(group):
        loader = getattr(sys.modules.get(name), "__loader__", None)
        code = loader.get_code(name) if isinstance(loader, QuickLoader) else None
        if not isinstance(loader, QuickLoader) or code is None:
            return
        parts.append((name, str(loader.path), loader.bytecode, loader.head, code))
    unfinished = f"{path}.{os.getpid()}"
    try:
        with open(unfinished, "wb") as file:
            file.write(MAGIC_NUMBER + dumps((_folders(group), tuple(parts))))
        os.replace(unfinished, path)
    except OSError:
        pass  # as with bytecode


def names(group: str) -> list[str]:
    """Returns the names of the group's modules."""
    found: list[str] = []
    for word in GROUPS[group].split():
        package, star, _ = f"flowc.{word}".partition("*")
        among = sorted(name for name in sys.modules if name.startswith(package)) if star else [package]
        found += [name for name in among if not (star and "." in name[len(package) :])]
    return found


def _path(group: str) -> str:
    """Returns the path of the file that holds the group's modules."""
    spec = sys.modules[__name__].__spec__
    bytecode = spec.cached if spec is not None else None
    return f"{(bytecode or '').removesuffix('.pyc')}.{group or 'modules'}"


def _folders(group: str) -> list[str]:
    folders = []
    for package in PACKAGES[group]:
        __import__(package)
        folders.append(sys.modules[package].__path__[0])
    return folders


def _is_valid(part: Part) -> bool:
    _, path, _, head, code = part
    return head_of(os.stat(path)) == head and code.co_filename == path


def _create(parts: tuple[Part, ...]) -> None:
    modules: list[tuple[ModuleType, CodeType]] = []
    for name, path, bytecode, head, code in parts:
        spec = spec_of(name, path, bytecode, head)
        module = sys.modules[name] = type(sys)(name)
        module.__spec__, module.__loader__, module.__package__ = spec, spec.loader, spec.parent or ""
        module.__dict__.update(__file__=path, __cached__=bytecode)
        if spec.submodule_search_locations is not None:
            module.__path__ = spec.submodule_search_locations
        modules.append((module, code))
    for module, code in modules:  # after all exist, since some need one another
        exec(code, module.__dict__)
        parent, _, own = module.__name__.rpartition(".")
        setattr(sys.modules[parent], own, module)
