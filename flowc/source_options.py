"""The options that supply a compile's inputs beside the source, shared by every command that reads flows.

`compile`, `check` and `show` do not read the environment: the same options give the same result on any machine. `run`
runs the flow on this machine anyway, so it sees the real `os.environ`, runs mutators, and reads Metaflow's variables
METAFLOW_FLOW_CONFIG and METAFLOW_FLOW_CONFIG_VALUE.
"""

from __future__ import annotations

import os

from flowc.compiler.options.compile_inputs import CompileOptions, canonical, pair, value_of

from .options import Arguments, Option, Usage, looks_like_option, parse, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowc.runtime_shim.store import Store

    Pairs = tuple[tuple[str, str], ...]

CONFIGS = (
    Option("--config", "the file of one of the flow's configs", "NAME FILE", repeated=True),
    Option("--config-value", "the text of one of the flow's configs", "NAME TEXT", repeated=True, may_be_empty=True),
)
VALUES = (
    Option(
        "--set", "the value of a name or call that flowc cannot compute from the source", "NAME=VALUE", repeated=True
    ),
    Option(
        "--env",
        "a variable that the source reads from `os.environ`, the only part of it that flowc sees; the VALUE `@runtime` "
        "leaves it to the task's container",
        "NAME=VALUE",
        repeated=True,
    ),
    Option("--env-file", "a file of lines NAME=VALUE, as `--env` gives them", "FILE", repeated=True),
)
ROOTS = (
    Option("--source-root", "a folder that modules are imported from, beside the flow's own", "FOLDER", repeated=True),
)
WITHOUT = (
    Option(
        "--without", "a decorator that is left out, such as one of an extension that flowc lacks", "NAME", repeated=True
    ),
)
PROJECT = (
    Option("--branch", "the branch of a flow with `@project`", "NAME"),
    Option("--production", "the production branch of a flow with `@project`"),
)
OPTIONS = (
    *CONFIGS,
    *VALUES,
    *ROOTS,
    *PROJECT,
    *WITHOUT,
    Option(
        "--run-mutators",
        "run mutators, and functions that configs need, in a process of their own without network",
    ),
)
RUN_OPTIONS = (
    *CONFIGS,
    VALUES[0],
    *ROOTS,
    *PROJECT,
    *WITHOUT,
)  # of `run`, which sees the environment and runs mutators


def compile_inputs(arguments: Arguments) -> CompileOptions:
    """Returns the inputs that the command line gives. Raises Usage."""
    return CompileOptions(
        _pairs(arguments, "--config"), _pairs(arguments, "--config-value"), _values(arguments), _variables(arguments),
        run_mutators=arguments.flag("--run-mutators"),
        branch=arguments.text("--branch"), production=arguments.flag("--production"), roots=roots_of(arguments),
        project_variables=_from_files(arguments), without=without_of(arguments),
    )  # fmt: skip


def run_inputs(arguments: Arguments) -> CompileOptions:
    """Returns the inputs of a run, from its command line and the environment. Raises Usage."""
    files = _pairs(arguments, "--config") or from_environment(os.environ, "METAFLOW_FLOW_CONFIG")
    texts = _pairs(arguments, "--config-value") or from_environment(os.environ, "METAFLOW_FLOW_CONFIG_VALUE")
    return CompileOptions(
        files, texts, _values(arguments), tuple(os.environ.items()), True, run_mutators=True,
        branch=arguments.text("--branch"), production=arguments.flag("--production"), roots=roots_of(arguments),
        without=without_of(arguments),
    )  # fmt: skip


def resume_inputs(store: Store, flow: str, code: str) -> CompileOptions:
    """Returns the inputs of a resumed run: the configs of the earlier run, from its code package.

    A missing or damaged package gives no configs. Raises StoreError.
    """
    import io
    import json
    import tarfile

    from flowc.runtime_shim.config import of_flow
    from flowc.runtime_shim.contract import address
    from flowc.runtime_shim.contract.code_package import expand
    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.contract.semantics import LEFT_OUT

    compressed = store.get(address.code_name(flow, code))
    earlier: dict[str, object] = {}
    without: tuple[str, ...] = ()
    try:
        tar = expand(compressed or b"", code)
    except ShimError:
        tar = b""
    if tar:
        with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
            file = archive.extractfile("flowc.json")
            flow_data = json.load(file)["flow"] if file is not None else {}
            earlier = of_flow(flow_data) if flow_data else {}
            without = tuple(
                given["name"].rpartition(".")[2] for given in flow_data.get("inputs", ()) if given["value"] == LEFT_OUT
            )
    return CompileOptions(
        variables=tuple(os.environ.items()), whole_environment=True, earlier=tuple(earlier.items()), run_mutators=True,
        without=without,
    )  # fmt: skip


def from_environment(environment: Mapping[str, str], name: str) -> Pairs:
    """Returns the pairs of a variable that holds a JSON object. Raises Usage."""
    text = environment.get(name)
    if not text:
        return ()
    import json

    try:
        pairs = json.loads(text)
        if not isinstance(pairs, dict):
            raise ValueError
    except ValueError:
        raise Usage(
            f"the environment variable `{name}` is not a JSON object", 'set it to {"NAME": …}, or unset it'
        ) from None
    return tuple((key, value if isinstance(value, str) else json.dumps(value)) for key, value in pairs.items())


def scan(argv: Sequence[str], options: Sequence[Option]) -> Arguments:
    """Parses only these options and skips other words: some options are needed before all options are known."""
    by_name = {option.name: option for option in options}
    words: list[str] = []
    at = 0
    while at < len(argv) and argv[at] != "--":
        name = split(argv[at])[0] if looks_like_option(argv[at]) else ""
        option = by_name.get(name)
        if option is None:
            at += 1
            continue
        count = 1 + (0 if not option.value or "=" in argv[at] else len(option.value.split()))
        words += argv[at : at + count]
        at += count
    return parse(words, options)


def roots_of(arguments: Arguments) -> tuple[str, ...]:
    """Returns the source roots that the command line gives. Raises Usage for one that is not a folder."""
    for root in arguments.all("--source-root"):
        if not os.path.isdir(root):
            raise Usage(f"`--source-root {root}` is not a folder", "give the folder that holds the modules or packages")
    return tuple(arguments.all("--source-root"))


def without_of(arguments: Arguments) -> tuple[str, ...]:
    """Returns the names of the decorators that the command line leaves out. Raises Usage for what is not a name."""
    names = tuple(name.lstrip("@") for name in arguments.all("--without"))
    for name in names:
        if not name.isidentifier():
            raise Usage(f"`--without {name}` is not the name of a decorator", "write the name alone: `--without slack`")
    return names


def _pairs(arguments: Arguments, option: str) -> Pairs:
    pairs = [value.split("\0", 1) for value in arguments.all(option)]
    return tuple((name, text) for name, text in pairs)


def _values(arguments: Arguments) -> tuple[tuple[str, object], ...]:
    return tuple({canonical(name): value_of(text) for name, text in _assignments(arguments, "--set")}.items())


def _variables(arguments: Arguments) -> Pairs:
    return tuple(_assignments(arguments, "--env"))


def _from_files(arguments: Arguments) -> Pairs:
    """The variables of the files that `--env-file` names, a later file before an earlier. Raises Usage."""
    variables: dict[str, str] = {}
    for path in arguments.all("--env-file"):
        try:
            with open(path, encoding="utf-8") as file:
                lines = file.read().splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise Usage(f"`--env-file {path}` cannot be read: {getattr(error, 'strerror', None) or error}") from None
        for number, line in enumerate(lines, 1):
            name, equals, value = line.strip().removeprefix("export ").partition("=")
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if not equals or not name.strip():
                raise Usage(f"line {number} of `{path}` is not NAME=VALUE", "write NAME=VALUE, or `#` before a comment")
            value = value.strip()
            is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            variables[name.strip()] = value[1:-1] if is_quoted else value
    return tuple(variables.items())


def _assignments(arguments: Arguments, option: str) -> list[tuple[str, str]]:
    pairs = []
    for text in arguments.all(option):
        parted = pair(text)
        if parted is None:
            raise Usage(f"the value of `{option}` must be NAME=VALUE, not `{text}`")
        pairs.append(parted)
    return list(dict(pairs).items())
