"""The parameters of a local run: their options, and their values from the command line, environment and files."""

from __future__ import annotations

import os

from flowc.runtime_shim.contract.errors import ShimError

from .options import Arguments, Option, Usage, unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from flowc.compiler.ir.nodes import Flow, Parameter
    from flowc.compiler.pipeline import Program

ENVIRONMENT = "METAFLOW_RUN_"  # and the parameter's name in capitals, `-` as `_` (Metaflow's documentation, parameters)
_VALUES = {"bool": "True|False", "file": "FILE", "json": "JSON"}


def options_of(flow: Flow) -> tuple[Option, ...]:
    """Returns an option for each parameter of the flow."""
    return tuple(_option(parameter) for parameter in flow.parameters)


def _option(parameter: Parameter) -> Option:
    form = parameter.form
    kind = _VALUES.get(parameter.type, parameter.type.upper())
    text = parameter.help or "a parameter"
    if form is None:
        return Option(f"--{parameter.name}", text, kind, default=_default(parameter), may_be_empty=True)
    from .parameter_options import value_name

    return Option(
        f"--{parameter.name}",
        text,
        value_name(form, kind),
        default=_default(parameter),
        repeated=form.is_repeated or form.is_count,
        may_be_empty=True,
        is_open=True,
    )


def shown_options(flow: Flow) -> tuple[Option, ...]:
    """Returns the options for help, without those that are hidden."""
    return tuple(
        _option(parameter) for parameter in flow.parameters if parameter.form is None or not parameter.form.is_hidden
    )


def _default(parameter: Parameter) -> str:
    """Returns the default as help shows it."""
    if parameter.required:
        return "none, a value is required"
    if parameter.computed:
        return "made when the run starts"
    if not parameter.has_default or not parameter.show_default or parameter.default == []:
        return ""
    shown = str(parameter.default) if parameter.type == "file" else repr(parameter.default)
    return shown if len(shown) < 60 else shown[:57] + "…"


def given(arguments: Arguments, flow: Flow, options: frozenset[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Returns the values from the command line, else from the environment, as text by the parameters' names.

    `options` are the names that parameters cannot have as options. Raises Usage.
    """
    values: dict[str, Any] = {}
    for parameter in flow.parameters:
        option = f"--{parameter.name}"
        variable = ENVIRONMENT + parameter.name.upper().replace("-", "_")
        form = parameter.form
        own = next((name for name in form.variables if name in environment), "") if form is not None else ""
        if option not in options and option in arguments.given:
            texts = arguments.all(option)
            if form is None:
                values[parameter.name] = texts[-1]
            else:
                from .parameter_options import value_of

                values[parameter.name] = value_of(form, texts)
        elif own or variable in environment:  # as in click, the parameter's own variable wins
            values[parameter.name] = environment[own or variable]
        elif form is not None and form.prompt and parameter.name not in _given_otherwise(arguments):
            from .parameter_options import ask

            answer = ask(form, parameter.default)
            if answer is not None:
                values[parameter.name] = answer
    names = {parameter.name for parameter in flow.parameters}
    for text in arguments.all("--parameter"):
        name, equals, value = text.partition("=")
        if not equals:
            raise Usage(f"the value of `--parameter` must be NAME=VALUE, not `{text}`")
        if name not in names:
            raise unknown(f"--{name}", [f"--{name}" for name in names])
        values[name] = value
    return values


def _given_otherwise(arguments: Arguments) -> set[str]:
    return {text.partition("=")[0] for text in arguments.all("--parameter")}


def resolved(
    program: Program, folder: str, store: str, texts: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the given values, and the value of every parameter. Calls functions and puts files into the datastore.

    `folder` is the flow's. Raises Usage, with everything that is wrong.
    """
    from flowc.runtime_shim.contract import parameters

    flow = program.flow
    given_values = dict(texts)
    declared = [_plain(parameter) for parameter in flow.parameters]
    try:
        given_values.update(_computed(program, declared, folder, store, given_values))
        files = [parameter for parameter in flow.parameters if parameter.type == "file"]
        if any(_is_missing(parameter) and parameter.name not in given_values for parameter in files):
            _import(program, folder)
        for parameter in files:
            reference = _file(parameter, program, folder, store, given_values.get(parameter.name))
            if reference is not None:
                given_values[parameter.name] = reference
        return given_values, parameters.convert(declared, given_values)
    except ShimError as error:
        raise Usage(str(error)) from None


def _plain(parameter: Parameter) -> dict[str, Any]:
    """Returns the parameter as in the IR's JSON form, which the shim reads."""
    fields: dict[str, Any] = {name: getattr(parameter, name) for name in parameter.__match_args__ if name != "span"}
    if parameter.include is not None:
        fields["include"] = {name: getattr(parameter.include, name) for name in parameter.include.__match_args__}
    if parameter.form is not None:
        fields["form"] = {name: getattr(parameter.form, name) for name in parameter.form.__match_args__}
    return fields


def _computed(
    program: Program, declared: list[dict[str, Any]], folder: str, store: str, texts: Mapping[str, Any]
) -> dict[str, Any]:
    missing = [parameter for parameter in declared if parameter["computed"] and parameter["name"] not in texts]
    if not missing:
        return {}
    import json

    from flowc.compiler.ir.json_form import to_json
    from flowc.runtime_shim.local.deploy_time import computed

    user = next((os.environ[name] for name in ("METAFLOW_USER", "USER", "USERNAME") if os.environ.get(name)), "")
    flow = json.loads(to_json(program.flow, program.scope))["flow"]
    return computed(folder, flow, missing, user, "s3" if store.startswith("s3://") else "local")


def _is_missing(parameter: Parameter) -> bool:
    """Returns True for a file whose default did not exist when the flow was read."""
    return parameter.include is not None and parameter.has_default and not parameter.include.digest


def _import(program: Program, folder: str) -> None:
    """Imports the flow in a process of its own: its module may write the files that it includes, as Metaflow lets it.

    A mistake of the module's is left to the run to report.
    """
    import subprocess
    import sys

    from flowc.runtime_shim.contract.source_roots import variables

    flow = program.flow
    code = "from flowc.runtime_shim.user_code.flow_module import import_flow; import sys; import_flow(*sys.argv[1:])"
    environment = {**os.environ, **dict(program.variables), **variables(program.roots)}
    command = [sys.executable, "-c", code, folder, flow.file, flow.name]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _file(parameter: Parameter, program: Program, folder: str, store: str, text: Any) -> Any:
    """Puts the given file, or the default one, into the datastore; returns its reference."""
    from flowc.compiler.read.include_files import FOLDER
    from flowc.runtime_shim.contract import included_file
    from flowc.runtime_shim.store import open_store

    assert parameter.include is not None
    try:
        if text is not None:
            return included_file.reference(text)
    except ValueError:
        pass
    if text is None and not parameter.has_default:
        return None
    data = _read(str(text)) if text is not None else program.files.get(f"{FOLDER}/{parameter.include.digest}")
    if text is None and _is_missing(parameter):
        path = str(parameter.default)
        data = _read(path) if os.path.exists(os.path.expanduser(path)) else _read(os.path.join(folder, path))
    if data is None:
        shown = parameter.default if text is None else text
        raise Usage(f"parameter `{parameter.name}`: the file `{shown}` cannot be read", "give the path of a file")
    if parameter.include.is_text:
        try:
            included_file.decoded(data, parameter.include.encoding)
        except (UnicodeError, LookupError) as error:
            raise Usage(
                f"parameter `{parameter.name}`: the file `{text}` is not {parameter.include.encoding} text: {error}"
            ) from None
    return included_file.put(open_store(store), program.flow.name, data)


def _read(path: str) -> bytes | None:
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return file.read()
    except (OSError, ValueError):
        return None
