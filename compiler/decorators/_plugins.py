"""Plug-ins: decorators that other packages and projects bring, each a file in the form of those here.

A package names its files in the entry points of the group `flowc.decorators`, a project in `[tool.flowc] plugins`. A
file is named after its decorator. It may hold, beside what `decorator.py` describes:

    MODULES = ("acme_flows", …)             where flows import the name from, beside `metaflow` and the package itself
    TARGETS = ("argo", …)                   the targets that honour it; without it, every target
    def asks(decorator, owner) -> dict      what it asks of pods and jobs: decorators of flowc's own, with attributes
    AROUND = "gpu_pool_task.py"             a file beside it, whose generator `around` runs around the step in the task

Only this file of the plug-in runs when a flow is compiled, never the flow. The file of AROUND is read; it travels in
the code package. This module is imported only for a flow that names a decorator that flowc does not have.
"""

from __future__ import annotations

import os
import sys

from flowc.compiler.fast_start.record import record, replace
from flowc.compiler.ir.nodes import Decorator, Input
from flowc.compiler.report.diagnostics import ERROR, HINT, WARNING, Diagnostic
from flowc.compiler.source.installed import version_of
from flowc.runtime_shim.contract.decorator_names import NAMES
from flowc.runtime_shim.contract.plugins import place_of

from .decorator import Specification, read_specification, said_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

    from flowc.compiler.ir.nodes import Flow, Span, Step, Value

GROUP = "flowc.decorators"
_API = ("metaflow", "flowc")  # every plug-in's name can be imported from these
_LARGEST = 1 << 20  # bytes of a plug-in's file
_RAISED = (Exception, SystemExit)  # what the code of a plug-in may raise


class Broken(Exception):
    """Raised for a plug-in that cannot be used; `args` are the reason, a phrase, and the remedy."""


@record
class Plugin:
    """A plug-in that was found; its file is not read yet."""

    name: str  # of the decorator
    path: str  # of its file; "" if there is none
    origin: str  # "acme-flows 1.2.0", or the file's path from the flow's folder
    package: str = ""  # of the file, at the top level; "" for a file of a project


@record
class Loaded:
    """A plug-in whose file has run."""

    plugin: Plugin
    specification: Specification
    asks: Callable[[Decorator, Any], dict[str, dict[str, Value]]] | None
    around: bytes | None  # the content of the file of AROUND
    around_path: str
    digest: str  # "sha256:…", of both files
    modules: tuple[str, ...]


class Plugins:
    """The plug-ins of one compile. `files` are those of the settings, as paths or names of distributions."""

    def __init__(self, files: tuple[str, ...], folder: str) -> None:
        self.folder = folder  # of the flow
        self.required = tuple(file for file in files if not file.endswith(".py"))
        self.uses: dict[str, str] = {}  # qualified name → name, of what the flow imports
        self._own = [self._of_file(file) for file in files if file.endswith(".py")]
        self._installed: list[Plugin] | None = None
        self._loaded: dict[str, Loaded | Broken] = {}

    def _of_file(self, file: str) -> Plugin:
        shown = os.path.relpath(file, self.folder or ".").replace(os.sep, "/")
        return Plugin(os.path.basename(file).removesuffix(".py"), file, shown)

    def all(self) -> list[Plugin]:
        """Returns every plug-in, those of the settings first."""
        if self._installed is None:
            self._installed = list(installed())
        return [*self._own, *self._installed]

    def specification(self, name: str) -> Specification | None:
        """Returns the specification of a plug-in; None if there is none, or if it is broken."""
        loaded = self.loaded(name)
        return loaded.specification if isinstance(loaded, Loaded) else None

    def loaded(self, name: str) -> Loaded | Broken | None:
        """Returns the plug-in of that name; why it cannot be used; or None if there is none. Its file runs once."""
        if name not in self._loaded:
            several = [plugin for plugin in self.all() if plugin.name == name]
            if not several:
                return None
            try:
                self._loaded[name] = self._load(several)
            except Broken as broken:
                self._loaded[name] = broken
        return self._loaded[name]

    def name_of(self, qualified: str) -> str:
        """Returns the name of the plug-in that flows import under the qualified name, or ""."""
        home, _, name = qualified.rpartition(".")
        top = home.partition(".")[0]
        if not home or (top in _API and name in NAMES):
            return ""
        for plugin in self.all():
            if plugin.name != name:
                continue
            if top in _API or top == plugin.package:
                return name
            loaded = self.loaded(name)
            if isinstance(loaded, Loaded) and home in loaded.modules:
                return name
        return ""

    def problem(self, name: str, place: Span | None) -> Diagnostic | None:
        """Returns FLOW123 if the plug-in of that name cannot be used."""
        loaded = self.loaded(name)
        return self._diagnostic(name, loaded, place) if isinstance(loaded, Broken) else None

    def problems_of_settings(self) -> Iterator[Diagnostic]:
        """Yields FLOW123 for what the settings name: a package that is not installed, a name that flowc has itself."""
        for plugin in self._own:
            if plugin.name in NAMES and (problem := self.problem(plugin.name, None)) is not None:
                yield problem
        origins = {normal(plugin.origin.rpartition(" ")[0]) for plugin in self.all() if plugin.package}
        for name in self.required:
            if normal(name) not in origins:
                what = f"the plug-in package `{name}`, which `[tool.flowc] plugins` names, is not installed"
                why = "the decorators that it brings would have no effect"
                how = f"install it beside flowc: `pip install {name}`"
                yield Diagnostic("FLOW123", what, None, why, how)

    def _diagnostic(self, name: str, broken: Broken, place: Span | None) -> Diagnostic:
        origin = next(plugin.origin for plugin in self.all() if plugin.name == name)
        what = f"the plug-in `{name}` of `{origin}` {broken.args[0]}"
        why = "flowc cannot compile its decorator, and leaving it out would change the flow"
        return Diagnostic("FLOW123", what, place, why, broken.args[1])

    # ── loading ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _load(self, several: list[Plugin]) -> Loaded:
        plugin = several[0]
        if plugin.name in NAMES:
            raise Broken("has the name of one of flowc's own decorators", "rename its file and its entry point")
        others = [other for other in several[1:] if several[0].package != "" and other.path != plugin.path]
        if others:
            how = f"uninstall one of them, or name the file of the right one in `[tool.flowc] plugins`: `{plugin.path}`"
            raise Broken(f"is also a plug-in of `{others[0].origin}`", how)
        if not plugin.name.isidentifier():
            raise Broken("has a name that is not a Python name", "rename its file")
        data = _content(plugin.path)
        module = self._run(plugin, data)
        specification = self._specification(plugin, module)
        around, around_path = _around(plugin, module)
        from flowc.compiler.package.archive import sha256_of

        modules = getattr(module, "MODULES", ())
        if not isinstance(modules, tuple) or not all(isinstance(name, str) for name in modules):
            raise Broken("has invalid MODULES", "write a tuple of texts: `MODULES = ('acme_flows',)`")
        digest = f"sha256:{sha256_of(data + b'%d' % len(data) + (around or b''))}"
        return Loaded(plugin, specification, getattr(module, "asks", None), around, around_path, digest, modules)

    def _run(self, plugin: Plugin, data: bytes) -> ModuleType:
        """Runs the file as a module of this package, so that it can import as the files here do."""
        name = f"{__package__}.{plugin.name}"
        module = type(sys)(name)
        module.__file__ = plugin.path
        module.__package__ = __package__
        before = sys.modules.get(name)
        sys.modules[name] = module
        try:
            exec(compile(data, plugin.path, "exec"), module.__dict__)
        except (SyntaxError, ValueError) as error:
            where = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            text = error.msg if isinstance(error, SyntaxError) else error
            self._restore(name, before)
            raise Broken(f"has a syntax error{where}: {text}", f"correct `{plugin.path}`") from None
        except _RAISED as error:
            self._restore(name, before)
            raise Broken(f"cannot be loaded: {_told(error, plugin.path)}", f"correct `{plugin.path}`") from None
        return module

    def _restore(self, name: str, before: ModuleType | None) -> None:
        if before is None:
            del sys.modules[name]
        else:
            sys.modules[name] = before

    def _specification(self, plugin: Plugin, module: ModuleType) -> Specification:
        how = f"add it to `{plugin.path}`"
        for name in ("LEVEL", "ATTRIBUTES"):
            if not hasattr(module, name):
                raise Broken(f"has no `{name}`", how)
        if module.LEVEL not in ("step", "flow"):
            raise Broken(f"has an invalid LEVEL: {module.LEVEL!r}", 'write `LEVEL = "step"` or `LEVEL = "flow"`')
        attributes = module.ATTRIBUTES
        if not isinstance(attributes, dict) or not all(isinstance(name, str) for name in attributes):
            raise Broken("has invalid ATTRIBUTES", "write a dictionary of each attribute's default")
        try:
            plain_value(attributes)
        except ValueError as error:
            raise Broken(f"has a default in ATTRIBUTES that no spec can contain: {error}", how) from None
        for name in ("check", "asks", "read", "has_effect"):
            if hasattr(module, name) and not callable(getattr(module, name)):
                raise Broken(f"has a `{name}` that is not a function", f"write `def {name}(…):`")
        fields = said_in(module)
        targets = getattr(module, "TARGETS", None)
        if targets is not None and not isinstance(targets, (tuple, list, set, frozenset)):
            raise Broken("has invalid TARGETS", 'write a tuple of names: `TARGETS = ("argo",)`')
        fields["check"] = self._guarded(plugin, fields["check"]) if "check" in fields else _no_check
        if "has_effect" in fields:
            fields["has_effect"] = self._certain(plugin, fields["has_effect"])
        fields["targets"] = tuple(targets) if targets is not None else ()
        fields["plugin"] = plugin.origin
        return Specification(plugin.name, module.LEVEL, dict(attributes), **fields)

    def _guarded(self, plugin: Plugin, check: Any) -> Any:
        """Returns the plug-in's check, whose own faults become a diagnostic."""

        def guarded(decorator: Decorator, owner: Any) -> Iterator[Diagnostic]:
            try:
                several = list(check(decorator, owner))
            except _RAISED as error:
                broken = Broken(f"fails in its `check`: {_told(error, plugin.path)}", f"correct `{plugin.path}`")
                yield self._diagnostic(plugin.name, broken, decorator.span)
                return
            for one in several:
                if isinstance(one, Diagnostic):
                    yield _plain(one, decorator)
                else:
                    broken = Broken(f"yields {one!r:.60} from its `check`", "yield diagnostics, as `value_error` makes")
                    yield self._diagnostic(plugin.name, broken, decorator.span)

        return guarded

    def _certain(self, plugin: Plugin, has_effect: Any) -> Any:
        def certain(decorator: Decorator) -> bool:
            try:
                return bool(has_effect(decorator))
            except _RAISED:
                return True

        return certain

    # ── what plug-ins ask for ─────────────────────────────────────────────────────────────────────────────────────────

    def expanded(self, flow: Flow) -> tuple[Flow, list[Diagnostic]]:
        """Returns the flow with the decorators that its plug-ins ask for, and FLOW123.

        What a step says itself wins over what a plug-in asks for; dictionaries and lists are merged.
        """
        problems: list[Diagnostic] = []
        decorators = flow.decorators
        steps = list(flow.steps)
        for decorator in flow.decorators:
            for name, attributes in self._asked(decorator, flow, problems):
                if read_specification(name).level == "flow":
                    decorators = _with(decorators, name, attributes, decorator.span)
                else:
                    steps = [_on(step, name, attributes, decorator.span) for step in steps]
        for index, step in enumerate(steps):
            for decorator in step.decorators:
                for name, attributes in self._asked(decorator, step, problems):
                    if read_specification(name).level == "step":
                        steps[index] = _on(steps[index], name, attributes, decorator.span)
                    else:
                        broken = Broken(f"asks for `@{name}` on a step", "it belongs on the flow class")
                        problems.append(self._diagnostic(decorator.name, broken, decorator.span))
        return replace(flow, decorators=decorators, steps=tuple(steps)), problems

    def _asked(
        self, decorator: Decorator, owner: Any, problems: list[Diagnostic]
    ) -> Iterator[tuple[str, dict[str, Value]]]:
        loaded = self.loaded(decorator.name) if decorator.name not in NAMES else None
        if not isinstance(loaded, Loaded) or loaded.asks is None:
            return
        path = loaded.plugin.path
        try:
            asked = loaded.asks(decorator, owner)
            asked = plain_value(asked)
        except _RAISED as error:
            broken = Broken(f"fails in its `asks`: {_told(error, path)}", f"correct `{path}`")
            problems.append(self._diagnostic(decorator.name, broken, decorator.span))
            return
        for name, attributes in asked.items() if isinstance(asked, dict) else [("", None)]:
            allowed = read_specification(name).attributes if name in NAMES else {}
            if name not in NAMES or not isinstance(attributes, dict):
                broken = Broken(
                    f"asks for `{name or asked}`, which is not a decorator of flowc's own with its attributes",
                    'return a dictionary such as `{"kubernetes": {"labels": {"team": "ml"}}}`',
                )
            elif unknown := [attribute for attribute in attributes if attribute not in allowed]:
                broken = Broken(
                    f"asks for `{unknown[0]}` of `@{name}`, which does not exist",
                    "its attributes are " + ", ".join(f"`{attribute}`" for attribute in allowed),
                )
            else:
                yield name, attributes
                continue
            problems.append(self._diagnostic(decorator.name, broken, decorator.span))

    # ── what travels ──────────────────────────────────────────────────────────────────────────────────────────────────

    def use(self, qualified: str, name: str) -> None:
        """Records that the flow imports the plug-in under the qualified name."""
        self.uses.setdefault(qualified, name)

    def inputs(self, flow: Flow) -> tuple[Input, ...]:
        """Returns the plug-ins that the flow uses, and their files, as inputs: the provenance of every spec."""
        from flowc.compiler.package.archive import sha256_of

        inputs = []
        for qualified, name in sorted(self._used(flow).items()):
            loaded = self.loaded(name)
            assert isinstance(loaded, Loaded)
            inputs.append(Input("plugin", qualified, loaded.plugin.origin, loaded.digest))
        for name in sorted(set(self._used(flow).values())):
            loaded = self.loaded(name)
            if isinstance(loaded, Loaded) and loaded.around is not None:
                digest = f"sha256:{sha256_of(loaded.around)}"
                inputs.append(Input("file", place_of(name), loaded.plugin.origin, digest))
        return tuple(inputs)

    def files(self, flow: Flow) -> dict[str, bytes]:
        """Returns the files of the code package: what runs around the steps."""
        loaded = {name: self.loaded(name) for name in self._used(flow).values()}
        return {
            place_of(name): one.around
            for name, one in loaded.items()
            if isinstance(one, Loaded) and one.around is not None
        }

    def paths(self, flow: Flow) -> dict[str, str]:
        """Returns name → absolute path of the file that runs around the step, for a run on this machine."""
        loaded = {name: self.loaded(name) for name in self._used(flow).values()}
        return {
            name: os.path.abspath(one.around_path)
            for name, one in loaded.items()
            if isinstance(one, Loaded) and one.around is not None
        }

    def _used(self, flow: Flow) -> dict[str, str]:
        """Returns qualified name → name, of the decorators of the flow and of what the flow's file imports."""
        several = (flow.decorators, *(step.decorators for step in flow.steps))
        names = {decorator.name for decorators in several for decorator in decorators}
        names = {name for name in names if name not in NAMES and self.specification(name) is not None}
        uses = {qualified: name for qualified, name in self.uses.items() if self.specification(name) is not None}
        for name in names - set(uses.values()):
            uses[f"metaflow.{name}"] = name  # of `--with`
        return uses


def installed() -> Iterator[Plugin]:
    """Yields the plug-ins of installed packages.

    It reads the entry points of each distribution on `sys.path` itself: `importlib.metadata` would take longer to
    import than a small flow takes to compile.
    """
    current = os.getcwd()
    for folder in dict.fromkeys(sys.path):
        if not folder or os.path.abspath(folder) == current:
            continue
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info")))
        except OSError:
            continue
        for name in names:
            try:
                with open(os.path.join(folder, name, "entry_points.txt"), "rb") as file:
                    data = file.read(_LARGEST)
            except OSError:
                continue
            if GROUP.encode() in data:
                yield from _of_distribution(folder, name, data.decode("utf-8", "replace"))


def _of_distribution(folder: str, name: str, text: str) -> Iterator[Plugin]:
    origin = version_of(folder, name)
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == GROUP and "=" in line and not line.startswith(("#", ";")):
            decorator, _, module = (part.strip() for part in line.partition("="))
            module = module.partition(":")[0].partition("[")[0].strip()
            yield Plugin(decorator, _file_of(folder, module), origin, module.partition(".")[0])


def normal(name: str) -> str:
    """Returns the name of a distribution in the form that names are compared in (PEP 503)."""
    return name.lower().replace("_", "-").replace(".", "-")


def _file_of(folder: str, module: str) -> str:
    """Returns the file of a module without importing its package; "" if it cannot be found."""
    parts = module.split(".")
    path = os.path.join(folder, *parts) + ".py"
    if os.path.isfile(path):
        return path
    from importlib.util import find_spec  # of a package that is installed in place

    try:
        spec = find_spec(parts[0])
    except (ImportError, ValueError):
        return ""
    if spec is None:
        return ""
    if len(parts) == 1:
        return spec.origin or ""
    paths = (os.path.join(place, *parts[1:]) + ".py" for place in spec.submodule_search_locations or ())
    return next((path for path in paths if os.path.isfile(path)), "")


def _content(path: str) -> bytes:
    if not path:
        raise Broken("names a module that has no file", "correct its entry point, or install the package again")
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise Broken(f"cannot be read: {error.strerror}", f"make `{path}` readable") from None
    if len(data) > _LARGEST:
        raise Broken("is larger than 1 MiB", f"make `{path}` smaller")
    return data


def _around(plugin: Plugin, module: ModuleType) -> tuple[bytes | None, str]:
    """Returns the content and the path of the file that AROUND names; it is read, not run."""
    name = getattr(module, "AROUND", None)
    if name is None:
        return None, ""
    if not isinstance(name, str) or os.path.basename(name) != name or not name.endswith(".py"):
        raise Broken(f"has an invalid AROUND: {name!r:.60}", 'name a file beside it: `AROUND = "gpu_pool_task.py"`')
    path = os.path.join(os.path.dirname(plugin.path), name)
    import ast

    try:
        data = _content(path)
        tree = ast.parse(data)
    except Broken as broken:
        raise Broken(f"has an AROUND that {broken.args[0]}", broken.args[1]) from None
    except (SyntaxError, ValueError) as error:
        raise Broken(f"has an AROUND with a syntax error: {error}", f"correct `{path}`") from None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "around":
            count = len(node.args.posonlyargs) + len(node.args.args)
            if count == 4 and any(isinstance(child, ast.Yield) for child in ast.walk(node)):
                return data, path
    how = f"write `def around(step_name, flow, inputs, attributes):` with one `yield` in `{path}`"
    raise Broken("has an AROUND without a generator `around` of four arguments", how)


def _told(error: BaseException, path: str) -> str:
    """Returns the exception, and the line of the plug-in's file that it comes from."""
    line = 0
    stack = error.__traceback__
    while stack is not None:
        if stack.tb_frame.f_code.co_filename == path:
            line = stack.tb_lineno
        stack = stack.tb_next
    text = f"{type(error).__name__}: {error}"[:200].replace("\n", " ")
    return f"{text} (line {line})" if line else text


def _plain(diagnostic: Diagnostic, decorator: Decorator) -> Diagnostic:
    """Returns a plug-in's diagnostic in flowc's form: its codes are flowc's, so that each has a page."""
    what, why, how = (" ".join(str(text).split()) for text in (diagnostic.what, diagnostic.why, diagnostic.how))
    severity = diagnostic.severity if diagnostic.severity in (WARNING, HINT) else ERROR
    why, how = why or f"`@{decorator.name}` refuses it", how or "correct the value"
    return Diagnostic("FLOW121", what, diagnostic.span or decorator.span, why, how, severity)


def plain_value(value: Any) -> Any:
    """Returns the value as data of a spec: tuples become lists. Raises ValueError for what JSON cannot hold."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if value - value != 0:
            raise ValueError(f"{value!r} is not a number of JSON")
        return value
    if isinstance(value, (list, tuple)):
        return [plain_value(item) for item in value]
    if isinstance(value, dict):
        wrong = next((key for key in value if not isinstance(key, str)), None)
        if wrong is not None:
            raise ValueError(f"the key {wrong!r} is not text")
        return {key: plain_value(item) for key, item in value.items()}
    raise ValueError(f"{value!r:.60} is not text, a number, a list or a dictionary")


def _no_check(_decorator: Decorator, _owner: Any) -> Iterator[Diagnostic]:
    return iter(())


# ── merging ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _on(step: Step, name: str, attributes: dict[str, Value], place: Span) -> Step:
    decorators = _with(step.decorators, name, attributes, place)
    if name == "batch" and len(decorators) > len(step.decorators):
        # AWS Batch reads `@batch` alone where a step has both: it keeps what the author said of pods
        pod = next((decorator for decorator in step.decorators if decorator.name == "kubernetes"), None)
        if pod is not None:
            defaults = (read_specification("kubernetes").attributes, read_specification("batch").attributes)
            common = {
                key: value
                for key, value in pod.attributes.items()
                if key in defaults[1] and value != defaults[0][key] and key not in attributes
            }
            decorators = (*decorators[:-1], replace(decorators[-1], attributes={**decorators[-1].attributes, **common}))
    return replace(step, decorators=decorators)


def _with(
    decorators: tuple[Decorator, ...], name: str, attributes: dict[str, Value], place: Span
) -> tuple[Decorator, ...]:
    """Returns the decorators with one of that name that also has the attributes."""
    spec = read_specification(name)
    whole = Decorator(name, {**spec.attributes, **attributes}, place)
    own = next((decorator for decorator in decorators if decorator.name == name), None)
    if spec.multiple:
        same = any(decorator.name == name and decorator.attributes == whole.attributes for decorator in decorators)
        return decorators if same else (*decorators, whole)
    if own is None:
        return (*decorators, whole)
    merged = {
        key: _merged(value, attributes[key], spec.attributes[key]) if key in attributes else value
        for key, value in own.attributes.items()
    }
    return tuple(replace(one, attributes=merged) if one is own else one for one in decorators)


def _merged(own: Value, asked: Value, default: Value) -> Value:
    """Returns the author's own value, with the entries that a plug-in adds to a dictionary or a list."""
    if own == default:
        return asked
    if isinstance(asked, dict):
        if isinstance(own, str) and all("=" in part for part in own.split(",")):  # 'key=value,key=value'
            own = {key.strip(): text.strip() for key, _, text in (part.partition("=") for part in own.split(","))}
        return {**asked, **own} if isinstance(own, dict) else own
    if isinstance(asked, list):
        if isinstance(own, str):
            own = [part.strip() for part in own.split(",") if part.strip()]
        return [*own, *(item for item in asked if item not in own)] if isinstance(own, list) else own
    return own
