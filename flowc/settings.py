"""`[tool.flowc]` in the nearest `pyproject.toml` above a flow's file: options that a project sets for all commands.

    [tool.flowc]
    target = ["argo", "airflow"]        # the targets of `check` and `compile` without `--target`
    store = "s3://models/flowc"         # the defaults of the options of these names
    image = "trainer:3"
    source-roots = ["src", "libs"]      # folders, from this file's own, that flows import modules from
    plugins = ["tools/gpu_pool.py"]     # files of decorators, and packages that bring some (docs/plugins.md)
    without = ["slack"]                 # decorators that are left out
    ignore = ["FLOW527"]                # warnings and hints that are not reported
    severity = { FLOW307 = "error" }    # or "warning", "hint", "ignore"

    [tool.flowc.env]                    # variables that flows read when they are compiled, as `--env` gives them
    REGION = "eu-west-1"

    [tool.flowc.argo]                   # a target's own options
    service-account = "flows"

    [tool.flowc.contexts.prod]          # a place to deploy to (contexts.py)
    target = "argo"

The file is an input of the compile like the flow itself: it is beside the source, and the same on every machine. flowc
searches for it up to the folder that holds `.git`, and ignores it with `--isolated`. The TOML parser is imported only
if there is such a file.
"""

from __future__ import annotations

import os
import sys

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Span
from flowc.compiler.report.diagnostics import Diagnostic, Refused, nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from flowc.compiler.optimize.settings import Settings as OptimizeSettings

    from .contexts import Context

ENVIRONMENTS = (  # of `flowc lock`
    *("python", "platform", "glibc", "index", "default-index", "exclude-newer"),
    *("dependencies", "extras", "groups", "build", "channels"),
)
LISTS = ("target", "extras", "groups", "build", "channels")  # settings that may be lists of texts
SHARED = (
    "target",
    "store",
    "image",
    "runtime",
    "runtime-image",
    "namespace",
    "output",
    "repository",
    "profile",
    *ENVIRONMENTS,
)
FILE = "pyproject.toml"


@record
class Settings:
    """The settings of one project; all empty if it has none."""

    file: str = ""  # the file's path, as a user can open it
    severities: dict[str, str] = {}  # code → "error", "warning", "hint" or "ignore"
    options: dict[str, str] = {}  # "store" → its value; "target" → names, with commas
    of_targets: dict[str, dict[str, str]] = {}  # target → its own options
    roots: tuple[str, ...] = ()  # folders that modules are imported from, as a user can open them
    variables: dict[str, str] = {}  # of the environment, as `--env` gives them
    plugins: tuple[str, ...] = ()  # files, as a user can open them, and names of packages
    without: tuple[str, ...] = ()  # decorators that are left out
    optimize: OptimizeSettings | None = None  # what several tasks per container are asked of, if they are
    contexts: dict[str, Context] = {}  # by name


NONE = Settings()


def settings_for(path: str) -> Settings:
    """Returns the settings for the flow in the file `path`. Raises Refused for invalid settings."""
    nearest_table = _nearest(os.path.dirname(path))
    if nearest_table is None:
        return NONE
    file, text, table = nearest_table
    if isinstance(table, Settings):
        return table
    reader = _Reader(file, text)
    settings = reader.read(table)
    if reader.problems:
        raise Refused(reader.problems, {file: text})
    if not settings.roots:  # they must still be folders
        _last.clear()
        _last[file, text] = settings
    return settings


_last: dict[tuple[str, str], Settings] = {}  # of the file and the text that were read last: a command asks often


def _nearest(folder: str) -> tuple[str, str, dict[str, Any] | Settings] | None:
    """Returns the nearest `pyproject.toml` in or above the folder with `[tool.flowc]`, as (path, text, table).

    In place of a table that was read before are its settings.
    """
    absolute = os.path.abspath(folder)
    shown = folder
    while True:
        path = os.path.join(shown, FILE) if shown else FILE
        try:
            with open(path, "rb") as file:
                data = file.read()
        except OSError:
            data = b""
        if b"flowc" in data and b"tool" in data and _may_hold_table(data):
            try:
                text = data.decode()
            except UnicodeDecodeError:
                raise Refused(
                    [_problem(path, 1, "is not UTF-8 text", "TOML files must be UTF-8", "save the file as UTF-8")]
                ) from None
            table = _last.get((path, text)) or _table(path, text)
            if table is not None:
                return path, text, table
        parent = os.path.dirname(absolute)
        if parent == absolute or os.path.exists(os.path.join(absolute, ".git")):
            return None
        absolute = parent
        shown = os.path.join(shown, os.pardir) if shown else os.pardir


def _may_hold_table(data: bytes) -> bool:
    """Returns False for a TOML file that only mentions flowc, among the dependencies for example.

    To import the parser takes a fifth of the time of a small compile.
    """
    for line in data.split(b"\n"):
        if b"flowc" in line:
            key, is_pair, _ = line.partition(b"=")
            if line.lstrip().startswith(b"[") or (
                is_pair and (b"flowc" in key or b"tool" in key) and not (key.count(b'"') % 2 or key.count(b"'") % 2)
            ):
                return True
    return False


def _table(file: str, text: str) -> dict[str, Any] | None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        tool = tomllib.loads(text).get("tool")
    except tomllib.TOMLDecodeError as error:
        line = next(
            (int(word) for word in str(error).replace(",", " ").split() if word.isdigit()), text.count("\n") + 1
        )
        raise Refused(
            [_problem(file, line, f"is not valid TOML: {error}", "flowc reads settings from it", "correct the line")],
            {file: text},
        ) from None
    table = tool.get("flowc") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise Refused(
            [
                _problem(
                    file, 1, "has a `tool.flowc` that is not a table", "it must hold settings", "write `[tool.flowc]`"
                )
            ],
            {file: text},
        )
    return table


def _problem(file: str, line: int, what: str, why: str, how: str) -> Diagnostic:
    return Diagnostic("FLOW604", f"`{FILE}` {what}", Span(file, line, 1, line, 2), why, how)


class _Reader:
    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines = text.split("\n")
        self.problems: list[Diagnostic] = []

    def read(self, table: dict[str, Any]) -> Settings:
        from flowc.targets.target import names

        targets = names()
        own = (
            "ignore",
            "severity",
            "source-roots",
            "plugins",
            "without",
            "env",
            "package-index",
            "optimize",
            "contexts",
        )
        known_keys = (*own, *SHARED, *targets)
        severities: dict[str, str] = {}
        options: dict[str, str] = {}
        of_targets: dict[str, dict[str, str]] = {}
        roots: tuple[str, ...] = ()
        variables: dict[str, str] = {}
        plugins: tuple[str, ...] = ()
        without: tuple[str, ...] = ()
        optimize: OptimizeSettings | None = None
        contexts: dict[str, Context] = {}
        for key, value in table.items():
            if key not in known_keys:
                self.unknown(key, known_keys, "`[tool.flowc]`")
            elif key in targets:
                of_targets[key] = dict(self.of_target(key, value))
            elif key == "source-roots":
                roots = tuple(self.roots(value))
            elif key == "plugins":
                plugins = tuple(self.plugins(value))
            elif key == "without":
                without = tuple(self.without(value))
            elif key == "package-index":
                options[key] = "\n".join(f"{name}={url}" for name, url in self.package_index(value))
            elif key == "optimize":
                from .optimize_settings import read

                optimize = read(value, self.refuse, self.unknown)
            elif key == "contexts":
                from .contexts import read as read_contexts

                contexts = read_contexts(self, value, targets)
            elif key == "env":
                variables = dict(self.variables(value))
            elif key == "ignore":
                severities.update(self.ignored(value))
            elif key == "severity":
                severities.update(self.severities(value))
            else:
                options.update(self.option(key, value, targets))
        return Settings(
            self.file, severities, options, of_targets, roots, variables, plugins, without, optimize, contexts
        )

    def refuse(self, key: str, what: str, why: str, how: str) -> None:
        line = next(
            (
                at
                for at, text in enumerate(self.lines, 1)
                if text.split("#")[0].split("=")[0].strip().strip("'\"[]").endswith(key)
            ),
            1,
        )
        self.problems.append(_problem(self.file, line, what, why, how))

    def unknown(self, key: str, known_names: tuple[str, ...], where: str) -> None:
        close = nearest(key, known_names)
        names = ", ".join(f"`{name}`" for name in sorted(known_names))
        how = f"did you mean `{close}`?" if close else f"the settings are {names}"
        self.refuse(key, f"has an unknown setting `{key}` in {where}", "the setting would have no effect", how)

    def roots(self, value: Any) -> Iterator[str]:
        folder = os.path.dirname(self.file)
        for folder_name in value if isinstance(value, list) else [None]:
            if not isinstance(folder_name, str) or not os.path.isdir(os.path.join(folder, folder_name)):
                what = (
                    f"has a `source-roots` entry `{folder_name}` that is not a folder"
                    if folder_name
                    else "has invalid `source-roots`"
                )
                how = 'list folders, relative to that of this file: `source-roots = ["src"]`'
                self.refuse("source-roots", what, "modules are imported from them", how)
                return
            yield os.path.join(folder, folder_name)

    def plugins(self, value: Any) -> Iterator[str]:
        folder = os.path.dirname(self.file)
        for entry in value if isinstance(value, list) else [None]:
            text = entry if isinstance(entry, str) else ""
            is_file = text.endswith(".py")
            path = os.path.normpath(os.path.join(folder, text)) if is_file else text
            if not path or (is_file and not os.path.isfile(path)):
                what = f"has a `plugins` entry `{entry}` that is not a file" if entry else "has invalid `plugins`"
                how = 'list Python files, relative to the folder of this file: `plugins = ["tools/gpu_pool.py"]`'
                self.refuse("plugins", what, "each brings the decorator that the file is named after", how)
                return
            yield path

    def without(self, value: Any) -> Iterator[str]:
        for entry in value if isinstance(value, list) else [None]:
            if not isinstance(entry, str) or not entry.lstrip("@").isidentifier():
                what = f"has a `without` entry `{entry}` that is no name" if entry else "has an invalid `without`"
                how = 'list names of decorators: `without = ["slack"]`'
                self.refuse("without", what, "the decorators of these names are left out", how)
                return
            yield entry.lstrip("@")

    def variables(self, value: Any) -> Iterator[tuple[str, str]]:
        for name, text in value.items() if isinstance(value, dict) else [("env", None)]:
            if not isinstance(text, str):
                what = f"has a value of `{name}` in `env` that is not text"
                how = f'write `{name} = "…"` below `[tool.flowc.env]`'
                self.refuse(name, what, "environment variables must be text", how)
                return
            yield name, text

    def package_index(self, value: Any) -> Iterator[tuple[str, str]]:
        for name, url in value.items() if isinstance(value, dict) else [("package-index", None)]:
            if not isinstance(url, str) or "://" not in url or "\n" in url:
                how = 'write `torch = "https://download.pytorch.org/whl/cu128"` below `[tool.flowc.package-index]`'
                self.refuse(name, f"has a `package-index` of `{name}` that is not a URL", "it names an index", how)
                return
            yield name, url

    def ignored(self, value: Any) -> Iterator[tuple[str, str]]:
        if not isinstance(value, list):
            self.refuse(
                "ignore", "has an `ignore` that is not a list", "it must list codes", 'write `ignore = ["FLOW307"]`'
            )
            return
        for code in value:
            if self.is_code("ignore", code):
                yield code, "ignore"

    def severities(self, value: Any) -> Iterator[tuple[str, str]]:
        from flowc.compiler.report.severities import CHOICES

        if not isinstance(value, dict):
            self.refuse(
                "severity",
                "has a `severity` that is not a table",
                "it must map codes to severities",
                'write `severity = { FLOW307 = "error" }`',
            )
            return
        for code, severity in value.items():
            if severity not in CHOICES:
                what = f"has an unknown severity for `{code}`: `{severity}`"
                choices = ", ".join(f"`{choice}`" for choice in CHOICES)
                self.refuse("severity", what, "the code would have no valid severity", f"use one of {choices}")
            elif self.is_code(code, code):
                yield code, severity

    def is_code(self, key: str, code: object) -> bool:
        """Returns True if a code exists and its severity may change; otherwise adds a problem."""
        from flowc.compiler.report.ignores import is_uncertain

        from .explanations import pages

        by_code = {page.code: page for page in pages()}
        page = by_code.get(str(code))
        if page is None:
            close = nearest(str(code), by_code)
            self.refuse(
                key,
                f"names an unknown code `{code}`",
                "no diagnostic has this code",
                f"did you mean `{close}`?" if close else "`flowc explain` lists every code",
            )
        elif page.severity == "error" and not is_uncertain(page.code):
            self.refuse(
                key,
                f"changes the severity of `{code}`",
                "a flow with this error cannot be compiled",
                f"remove `{code}`",
            )
        else:
            return True
        return False

    def option(self, key: str, value: Any, targets: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        several = value if isinstance(value, list) and key in LISTS else [value]
        if not several or not all(isinstance(target, str) and target for target in several):
            self.refuse(
                key,
                f"has a `{key}` that is not text",
                f"it is the value of the option `--{key}`",
                f'write `{key} = "…"`',
            )
            return
        for target in several if key == "target" else ():
            if target not in targets:
                close = nearest(target, targets)
                how = f"did you mean `{close}`?" if close else "the targets are " + ", ".join(targets)
                self.refuse(key, f"names an unknown target `{target}`", "flowc cannot compile for it", how)
                return
        if key in ("dependencies", "profile"):  # files, from the folder of this one
            several = [os.path.join(os.path.dirname(self.file), *several)]
        yield key, ",".join(several)

    def of_target(self, target: str, table: Any) -> Iterator[tuple[str, str]]:
        from flowc.targets.target import emitter

        if not isinstance(table, dict):
            self.refuse(
                target,
                f"has a `{target}` that is not a table",
                "it must hold the target's own options",
                f"write `[tool.flowc.{target}]`",
            )
            return
        by_name = {option.name: option for option in emitter(target).OPTIONS}
        for key, value in table.items():
            if key not in by_name:
                self.unknown(key, tuple(by_name), f"`[tool.flowc.{target}]`")
            elif isinstance(value, bool) or not isinstance(value, (str, int)):
                self.refuse(
                    key,
                    f"has a `{key}` that is neither text nor a number",
                    f"it is the value of the option `--{key}`",
                    f'write `{key} = "…"`',
                )
            elif by_name[key].choices and value not in by_name[key].choices:
                self.refuse(
                    key,
                    f"has an invalid `{key}`: `{value}`",
                    f"target {target} does not accept this value",
                    "use one of " + ", ".join(by_name[key].choices),
                )
            else:
                yield key, str(value)
