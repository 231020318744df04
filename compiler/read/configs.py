"""`Config(name, default=…, default_value=…, …)`: configuration files are inputs of the compile.

They are read, parsed and checked here, before anything that may use them is folded. The values are part of the IR,
and their digests are part of the provenance of every spec (Metaflow's documentation, configuration; measured where
the documentation is silent).
"""

from __future__ import annotations

import os

from ..fold.budget import Reported, Unfoldable
from ..fold.expressions import called
from ..fold.values import (
    HERE,
    Config,
    Function,
    Late,
    Library,
    Settings,
    from_here,
    is_from_here,
    settings,
    usable,
)
from ..ir import nodes
from ..report.diagnostics import WARNING, Diagnostic, Refused, nearest
from ..source.text import MAX_BYTES, decode, span
from .arguments import bind, folded, plain, values
from .config_formats import BadText, literal, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ..fold.evaluator import Evaluator
    from ..options.compile_inputs import CompileOptions
    from .members import Member

ARGUMENTS = ("name", "default", "default_value", "help", "required", "parser", "plain", "show_default")
POSITIONAL = ("name", "default", "default_value", "help", "required", "parser", "plain")


def read_configs(
    evaluator: Evaluator, members: Iterable[Member], options: CompileOptions, flow: tuple[str, str]
) -> tuple[list[Config], list[Diagnostic]]:
    """Returns every `Config` of the flow, in order, and the diagnostics FLOW130 to FLOW137.

    `flow` is the name of the class and its file.
    """
    problems: list[Diagnostic] = []
    configs: list[Config] = []
    for member in members:
        reader = _Reader(evaluator, member, options, flow)
        config = reader.read()
        problems += reader.problems
        if config is None:
            continue
        if config.name in evaluator.configs:
            why = "options on the command line name the config"
            problems.append(
                Diagnostic(
                    "FLOW136",
                    f"the config `{config.name}` is defined twice",
                    config.place,
                    why,
                    "choose a different name",
                )
            )
        # the configs after it can use it
        evaluator = evaluator.with_configs({**evaluator.configs, config.name: config})
        configs.append(config)
    return configs, [*problems, *_unknown(options, [config.name for config in configs])]


def records(configs: Iterable[Config]) -> Iterator[nodes.Config]:
    """Returns the configs for the IR."""
    for config in configs:
        if config.is_known:
            value = config.value
            yield nodes.Config(
                config.attribute, config.name, plain(_shown(value)), config.is_plain, literal(value), config.place
            )


def _shown(value: Any) -> Any:
    """Returns the nearest JSON value: keys as text, bytes as Latin-1."""
    if isinstance(value, dict):
        return {str(key): _shown(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    return value.decode("latin-1") if isinstance(value, bytes) else value


def inputs(configs: Iterable[Config]) -> Iterator[nodes.Input]:
    """Yields the configs' inputs for the spec's provenance."""
    for config in configs:
        if config.digest:
            yield nodes.Input("config", config.name, config.origin, config.digest)


def _unknown(options: CompileOptions, names: list[str]) -> Iterator[Diagnostic]:
    for option, pairs in (("--config", options.config_files), ("--config-value", options.config_values)):
        for name, _ in pairs:
            if name not in names:
                close = nearest(name, names)
                listed = ", ".join(f"`{name}`" for name in names)
                how = (
                    f"did you mean `{close}`?"
                    if close
                    else f"its configs are {listed}"
                    if listed
                    else "remove the option"
                )
                yield Diagnostic(
                    "FLOW135",
                    f"`{option}` names `{name}`, which is not a config of the flow",
                    None,
                    "the flow would ignore it",
                    how,
                )
    for name in sorted({name for name, _ in options.config_files} & {name for name, _ in options.config_values}):
        why = "only one of them can be its value"
        yield Diagnostic(
            "FLOW135",
            f"the config `{name}` is given both a file and a value",
            None,
            why,
            "remove one of the options",
        )


class _Reader:
    """Reads one Config."""

    def __init__(self, evaluator: Evaluator, member: Member, options: CompileOptions, flow: tuple[str, str]) -> None:
        self.evaluator, self.member, self.options, self.flow = evaluator, member, options, flow
        self.problems: list[Diagnostic] = []  # found so far
        self.source = member.owner.module.source
        self.place = span(self.source, member.outer)

    def refuse(self, code: str, what: str, why: str, how: str) -> None:
        self.problems.append(Diagnostic(code, what, self.place, why, how))

    def read(self) -> Config | None:
        bound = bind(self.member.owner, self.member.node, POSITIONAL, ARGUMENTS, "Config")
        arguments = bound.nodes
        for describing in ("help", "show_default"):
            arguments.pop(describing, None)  # never printed
        special = {name: arguments.pop(name) for name in ("default", "default_value", "parser") if name in arguments}
        argument_values, wrong = values(self.evaluator, self.member.owner, arguments, "Config")
        self.problems += [*bound.diagnostics, *wrong]
        name = argument_values.get("name")
        if not self.problems and (not isinstance(name, str) or not name):
            self.refuse(
                "FLOW136",
                f"config `{self.member.name}` has no name",
                "options on the command line name the config",
                f"write `Config('{self.member.name}', …)`",
            )
        config = Config(
            name if isinstance(name, str) else self.member.name, self.member.name, self.member.owner.key, self.place
        )
        config.is_plain = bool(argument_values.get("plain"))
        if self.problems:
            return config
        for earlier, value in self.options.earlier:
            if earlier == config.name:
                config.value = value if value is None or config.is_plain else settings(value)
                return config
        try:
            text = self.text(config, special, bool(argument_values.get("required")))
            if text is None:
                if not config.digest and not config.is_known and not self.problems:
                    config.value = None
            else:
                self.parse(config, text, special.get("parser"))
        except Reported:
            pass
        except Unfoldable as error:
            self.refuse(
                "FLOW134",
                f"the config `{config.name}` is not known when compiling",
                str(error.args[0]),
                f"give it with `--config {config.name} FILE`, or run its functions with `--run-mutators`",
            )
        except Refused as refused:
            self.problems += refused.diagnostics
        return config

    # ── the source of the text ───────────────────────────────────────────────────────────────────────────────────────

    def text(self, config: Config, special: dict[Any, Any], required: bool) -> str | None:
        name = config.name
        default = self.folded(special.get("default"), is_path=True)
        default_value = self.folded(special.get("default_value"))
        if default is not None and default_value is not None:
            self.refuse(
                "FLOW136",
                f"the config `{name}` has both `default` and `default_value`",
                "only one of them can be its value",
                "keep either `default`, the path of a file, or `default_value`, the value itself",
            )
            return None
        value = dict(self.options.config_values).get(name)
        if value is not None:
            return self.came(config, "--config-value", value)
        file = dict(self.options.config_files).get(name)
        if file is not None:
            return self.came(config, file.replace(os.sep, "/"), self.file(config, file, is_default=False))
        if default is not None:
            path = self.called(config, default)
            if path is None:
                return None
            if type(path).__name__ == "PurePosixPath":
                path = str(path)
            if not isinstance(path, str):
                self.refuse(
                    "FLOW136",
                    f"the `default` of config `{name}` is not a path",
                    "`default` must be the path of a file",
                    "give the value itself as `default_value`",
                )
                return None
            shown = from_here(path)
            return self.came(config, shown, self.file(config, path, is_default=True))
        if default_value is not None:
            computed = self.called(config, default_value)
            if computed is None:
                return None
            if isinstance(computed, dict):
                import json

                computed = json.dumps(_jsonable(computed))
            if not isinstance(computed, str):
                self.refuse(
                    "FLOW136",
                    f"the `default_value` of config `{name}` is of type `{type(computed).__name__}`",
                    "it must be a dict, or text in the format of a config file",
                    "give a dict or text",
                )
                return None
            config.origin = "default_value"  # part of the source, so not in the provenance
            return computed
        if required:
            self.refuse(
                "FLOW131",
                f"the config `{name}` is required and was not given",
                "the flow declares it as required",
                f"give it with `--config {name} FILE` or `--config-value {name} TEXT`",
            )
        return None

    def came(self, config: Config, origin: str, text: str | None) -> str | None:
        if text is not None:
            from hashlib import sha256

            config.origin, config.digest = origin, "sha256:" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return text

    def folded(self, node: Any, is_path: bool = False) -> Any:
        """Returns the value, a `Function` or `Library` for a callable, or None."""
        if node is None:
            return None
        value = folded(self.evaluator.at(HERE if is_path else ""), self.member.owner, node)
        if isinstance(value, Late):
            raise Unfoldable("a config cannot use a different config")
        return value

    def called(self, config: Config, value: Any) -> Any:
        """Returns the result of a callable in the context of a deploy-time value, and any other value unchanged."""
        if not isinstance(value, (Function, Library)):
            return value
        context = Settings(flow_name=self.flow[0], parameter_name=config.name, configs=None)
        try:
            return call(self.evaluator, value, [context])
        except Unfoldable:
            if not self.options.run_mutators:
                raise
        return self.evaluated(config, "default")

    def evaluated(self, config: Config, what: str, text: str | None = None) -> Any:
        """Returns the result of the config's function, run in a separate process."""
        from .own_code import evaluate

        flow = nodes.Flow(self.flow[0], self.flow[1], "", "", "", (), (), (), (), self.place)
        return evaluate(self.evaluator.resolver.sources, flow, config.name, what, text, self.options)

    def file(self, config: Config, path: str, is_default: bool) -> str | None:
        """Returns the file's text.

        A default is looked up as in Metaflow, in the current folder, and then beside the flow.
        """
        is_beside, path = is_from_here(path), from_here(path)
        places = [os.path.expanduser(path) if is_default else path]
        if is_beside:
            places = [self.evaluator.resolver.sources.path_of(path)]
        elif is_default and not os.path.isabs(places[0]):
            places.append(os.path.join(self.evaluator.resolver.sources.folder, path))
        files = [(place, data) for place in places if (data := _content(place)) is not None]
        shown = path
        if not files:
            what = f"the {'default ' if is_default else ''}file `{shown}` of config `{config.name}` cannot be read"
            where = " here or beside the flow" if len(places) > 1 else ""
            self.refuse(
                "FLOW130",
                what,
                f"the file does not exist{where}, or you have no permission to read it",
                f"create the file, or give a different one with `--config {config.name} FILE`",
            )
            return None
        if len(files) > 1 and files[0][1] != files[1][1]:
            what = f"config `{config.name}` has two different files `{shown}`"
            why = "like Metaflow, flowc uses the one in the current folder, not the one beside the flow"
            self.problems.append(
                Diagnostic("FLOW137", what, self.place, why, f"choose one with `--config {config.name} FILE`", WARNING)
            )
        data = files[0][1]
        if len(data) > MAX_BYTES:
            self.refuse(
                "FLOW130",
                f"the file `{shown}` of config `{config.name}` is larger than 8 MiB",
                "a configuration travels with the code that every task fetches",
                "let a step read it instead",
            )
            return None
        return decode(shown, data)

    # ── the value of the text ────────────────────────────────────────────────────────────────────────────────────────

    def parse(self, config: Config, text: str, parser: Any) -> None:
        try:
            value = self.parsed(config, text, parser)
        except BadText as error:
            self.refuse(
                "FLOW132",
                f"the config `{config.name}` ({config.origin}) cannot be used: {error}",
                "steps and decorators read their values from it",
                (error.how or "correct the text") + _otherwise(config),
            )
            return
        if value is not None and not config.is_plain and not isinstance(value, dict):
            how = "write an object, `{…}`, or `plain=True`" + _otherwise(config)
            self.refuse(
                "FLOW132",
                f"the config `{config.name}` ({config.origin}) must be a mapping, but has type "
                f"`{type(value).__name__}`",
                "its items are read by name",
                how,
            )
            return
        config.value = value if value is None or config.is_plain else settings(value)

    def parsed(self, config: Config, text: str, parser: Any) -> Any:
        if parser is None or parser.text() == "None":
            return text if config.is_plain else parse("json", text)
        format_or_function = self.parser(parser)
        if isinstance(format_or_function, str):
            return parse(format_or_function, text)
        if format_or_function is not None:
            try:
                return call(self.evaluator, format_or_function, [text])
            except Unfoldable as error:
                if not self.options.run_mutators:
                    shown = " ".join(parser.text().split())[:60]
                    why = f"flowc reads your code but does not run it: {error.args[0]}"
                    self.refuse(
                        "FLOW133",
                        f"flowc cannot evaluate the parser `{shown}` of config `{config.name}`",
                        why,
                        "run it in a separate process with `--run-mutators`, or use JSON without a parser",
                    )
                    raise Reported("") from None
        elif not self.options.run_mutators:
            shown = " ".join(parser.text().split())[:60]
            self.refuse(
                "FLOW133",
                f"flowc does not know the parser `{shown}` of config `{config.name}`",
                "it is neither Metaflow's nor a function of the flow's own modules, and flowc runs no other code",
                "run it in a separate process with `--run-mutators`, or use JSON without a parser",
            )
            raise Reported("")
        return self.evaluated(config, "parser", text)

    def parser(self, node: Any) -> Any:
        """Returns the name of a format that flowc reads itself, a function to call, or None if it is unknown."""
        module = self.member.owner.module
        if node.kind() in ("identifier", "attribute"):
            format_name = FORMATS.get(self.evaluator.resolver.qualify(module, node.text()))
            if format_name is not None:
                return format_name
        try:
            value = folded(self.evaluator, self.member.owner, node)
        except Unfoldable:
            return None
        if isinstance(value, str):  # a dotted name; `.` stands for Metaflow itself
            name = f"metaflow{value}" if value.startswith(".") else value
            format_name = FORMATS.get(f"metaflow.{name.rpartition('.')[2]}" if name.startswith("metaflow.") else name)
            if format_name is not None:
                return format_name
            home = self.evaluator.resolver.sources.module(name.rpartition(".")[0])
            try:
                value = self.evaluator.constant(home, name.rpartition(".")[2]) if home is not None else None
            except (KeyError, Unfoldable):
                return None
        return value if isinstance(value, (Function, Library)) else None


FORMATS = {
    "metaflow.yaml_parser": "yaml",
    "metaflow.requirements_txt_parser": "requirements",
    "metaflow.pyproject_toml_parser": "pyproject",
    "metaflow.conda_environment_yml_parser": "conda",
    "json.loads": "json",
    "yaml.safe_load": "yaml",
    "yaml.full_load": "yaml",
    "tomllib.loads": "toml",
    "tomli.loads": "toml",
}


def _otherwise(config: Config) -> str:
    """Returns how to give a config another value than the one in the source."""
    if config.origin != "default_value":
        return ""
    return f"; or give a value when compiling: `--config-value {config.name} TEXT`"


def call(evaluator: Evaluator, function: Any, arguments: list[Any]) -> Any:
    """Calls a folded function and returns its value. Raises Unfoldable."""
    return usable(called(function, arguments, evaluator.set_values))


def _jsonable(value: Any) -> Any:
    """Returns the value in the form that `json.dumps` takes. Raises Unfoldable if it has no JSON form."""
    if isinstance(value, dict):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise Unfoldable(f"a value of type `{type(value).__name__}` has no JSON form")


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        return None
