"""`IncludeFile(name, default=…, …)`: a parameter that is the content of a file.

The default file is read when the flow is compiled, and travels in the code package under its digest. Its path is
looked up as in Metaflow (its documentation, IncludeFile): in the current folder, and then beside the flow.
"""

from __future__ import annotations

import os

from ..fold.budget import Reported, Unfoldable
from ..fold.values import HERE, from_here, is_from_here
from ..ir import nodes
from ..package.archive import sha256_of
from ..report.diagnostics import WARNING, Diagnostic
from ..source.text import span
from .arguments import bind, describing, folded, help_text, plain, unknown_default, values
from .function_values import called, function_of
from .parameters import form_of_file, nameless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ast_grep_py import SgNode

    from ..fold.evaluator import Evaluator
    from ..ir.nodes import Value
    from .members import Member

POSITIONAL = ("name", "required", "is_text", "encoding", "help", "parser")
OF_CLICK = ("envvar", "metavar", "hidden", "show_envvar", "is_eager")
ARGUMENTS = (*POSITIONAL, "default", "show_default", *OF_CLICK)
FOLDER = "flowc.include"  # in the code package; runtime_shim/contract/included_file.py finds the files there
MAX_BYTES = 256 << 20


def inputs(parameters: Iterable[nodes.Parameter]) -> Iterator[nodes.Input]:
    """Yields the default files as inputs of the compile."""
    for parameter in parameters:
        if parameter.include is not None and parameter.include.digest:
            yield nodes.Input("file", parameter.name, str(parameter.default), f"sha256:{parameter.include.digest}")


def read_include(
    evaluator: Evaluator, member: Member, flow_name: str
) -> tuple[nodes.Parameter | None, dict[str, bytes], list[Diagnostic]]:  # fmt: skip
    """Returns the parameter, of type "file", its default file for the code package, and warnings.

    None: the diagnostics say why it cannot be read.
    """
    place = span(member.owner.module.source, member.outer)
    bound = bind(member.owner, member.node, POSITIONAL, ARGUMENTS, "IncludeFile", evaluator)
    arguments = bound.nodes
    problems = [*bound.diagnostics, *_parser(evaluator, member, arguments.pop("parser", None))]
    help_node = arguments.pop("help", None)
    default_node = arguments.pop("default", None)
    shown, hints = describing(evaluator, member.owner, arguments, "IncludeFile")
    folded_values, wrong = values(evaluator, member.owner, arguments, "IncludeFile")
    problems += wrong
    options = {**bound.unpacked, **shown, **folded_values}
    default, computed, wrong = _default(
        evaluator, member, default_node, {"flow_name": flow_name, "parameter_name": options.get("name")}
    )
    problems += wrong
    if default_node is None:
        default = bound.unpacked.get("default")
    is_text = True if options.get("is_text") is None else options["is_text"]
    encoding = "utf-8" if options.get("encoding") is None else options["encoding"]
    for argument, value, kind in (
        ("is_text", is_text, bool),
        ("encoding", encoding, str),
        ("default", default or "", str),
    ):
        if not isinstance(value, kind):
            what = f"invalid value in `{member.name}`: `{argument}={value!r:.40}`"
            why = "it must be True for text, or False for bytes" if kind is bool else "it must be text"
            problems.append(
                Diagnostic("FLOW304", what, place, why, "write True or False" if kind is bool else "give text")
            )
    if problems:
        return None, {}, problems
    name = options.get("name")
    if not isinstance(name, str):
        return None, {}, [nameless(member, "IncludeFile")]
    path = str(default) if default else ""
    files, problems = _carried(evaluator, member, path, str(encoding) if is_text else "", place) if path else ({}, [])
    if any(problem.severity != WARNING for problem in problems):
        return None, {}, problems
    described, wrong = help_text(evaluator, member.owner, help_node, name)
    described = described or str(options.get("help") or "")
    digest = next(iter(files), "").rpartition("/")[2]
    click_options = {argument: options[argument] for argument in OF_CLICK if options.get(argument) is not None}
    form = form_of_file(click_options, name) if click_options else None
    parameter = nodes.Parameter(
        member.name, name, "file", from_here(path) or None, bool(path),
        bool(options.get("required")) and not path and not computed,
        described, "", place, options.get("show_default") is not False, computed,
        nodes.Include(bool(is_text), str(encoding), digest), form,
    )  # fmt: skip
    return parameter, files, [*problems, *hints, *wrong]


def _default(
    evaluator: Evaluator, member: Member, node: SgNode | None, context: dict[str, Any]
) -> tuple[Value, bool, list[Diagnostic]]:  # fmt: skip
    """Returns the path, and True if it is a function that only a run on this machine can evaluate."""
    if node is None:
        return None, False, []
    evaluator = evaluator.at(HERE)
    try:
        function = function_of(evaluator.resolver, member.owner, node)
        if function is None:
            return _path(folded(evaluator, member.owner, node)), False, []
        try:
            return _path(called(evaluator, function, context)), False, []
        except Unfoldable:
            return None, True, []
    except Reported:
        return None, False, []
    except Unfoldable as error:
        how = "write the path, relative to the flow's folder, or remove the default and give a file with each run"
        return None, False, [unknown_default(member.name, member.owner, node, error, how)]


def _path(value: Any) -> Value:
    """Returns the path as text, or a value that is no path as it is."""
    return str(value) if type(value).__name__ == "PurePosixPath" else plain(value)


def _carried(
    evaluator: Evaluator, member: Member, path: str, encoding: str, place: nodes.Span
) -> tuple[dict[str, bytes], list[Diagnostic]]:  # fmt: skip
    """Returns the file for the code package, or {} if it cannot be read. `encoding` is "" for bytes."""
    shown = from_here(path)
    data, problems = _content(evaluator, member, path, shown, place)
    if data is None:
        return {}, problems
    if len(data) > MAX_BYTES:
        what = f"the default file `{shown}` of `{member.name}` is larger than {MAX_BYTES >> 20} MiB"
        why = "it travels with the flow's code, which every task fetches"
        return {}, [
            *problems,
            Diagnostic("FLOW312", what, place, why, "keep it in the datastore or in S3, and let a step read it"),
        ]
    if encoding:
        try:
            data.decode(encoding)
        except (UnicodeError, LookupError) as error:
            what = f"the default file `{shown}` of `{member.name}` is not {encoding} text"
            reason = getattr(error, "reason", str(error))
            how = "give its `encoding`, or `is_text=False` for bytes"
            return {}, [*problems, Diagnostic("FLOW311", what, place, f"reading it would fail: {reason}", how)]
    return {f"{FOLDER}/{sha256_of(data)}": data}, problems


def _content(
    evaluator: Evaluator, member: Member, path: str, shown: str, place: nodes.Span
) -> tuple[bytes | None, list[Diagnostic]]:  # fmt: skip
    if is_from_here(path):
        return _read(evaluator.resolver.sources.path_of(shown)), []
    path = os.path.expanduser(shown)
    here, beside = (
        _read(path),
        None if os.path.isabs(path) else _read(os.path.join(evaluator.resolver.sources.folder, path)),
    )
    if here is not None and beside is not None and here != beside:
        what = f"`{member.name}` has two different files `{shown}`"
        why = "like Metaflow, flowc uses the one in the current folder, not the one beside the flow"
        how = "make the path absolute: `os.path.join(os.path.dirname(__file__), …)`"
        return here, [Diagnostic("FLOW314", what, place, why, how, WARNING)]
    return here if here is not None else beside, []


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        return None


def _parser(evaluator: Evaluator, member: Member, node: SgNode | None) -> Iterator[Diagnostic]:
    """Adds the parser, which runs in the task, to the code package. Yields FLOW313 if it is not a function."""
    if node is None or node.text() == "None":
        return
    text = ""
    if node.kind() in ("string", "concatenated_string"):
        try:
            value = plain(folded(evaluator, member.owner, node))
        except Unfoldable:
            return
        text = str(value)
        module, _, name = text.rpartition(".")
        if module and not text.startswith("."):
            own = evaluator.resolver.sources.module(module)
            member.owner.module.everywhere.append(module)
            if (
                own is None
                or name in own.functions
                or name in own.classes
                or name in own.imports
                or name in own.assigned
            ):
                return
    elif node.kind() in (
        "identifier",
        "attribute",
        "lambda",
        "call",
        "subscript",
        "conditional_expression",
        "parenthesized_expression",
    ):
        return
    shown = " ".join(node.text().split())[:60]
    what = f"the parser `{shown}` of `{member.name}` is not a function that a task can find"
    why = "the task calls it with the file's content when a step reads the parameter"
    how = "give a function, or the path to import it from: `'module.function'`"
    yield Diagnostic("FLOW313", what, span(member.owner.module.source, node), why, how)
