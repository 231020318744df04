"""Translation of `python flow.py …`, Metaflow's form of the command line, into flowc's.

    python flow.py [TOP OPTIONS] [COMMAND [OPTIONS]]

The default command is `check`, as in Metaflow. flowc accepts those of Metaflow's top options whose meaning it keeps. It
refuses any other with what to write instead, because dropping it would silently change the run.
"""

from __future__ import annotations

from .options import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (
    "compile",
    "check",
    "plan",
    "deploy",
    "trigger",
    "history",
    "rollback",
    "delete",
    "pause",
    "unpause",
    "explain",
    "show",
    "run",
    "resume",
    "runs",
    "logs",
    "dump",
    "card",
    "report",
    "tag",
    "profile",
    "estimate",
    "gc",
    "help",
)
GROUPS = ("argo-workflows", "step-functions", "airflow")  # of Metaflow's (metaflow_groups.py)
_ABOUT_RUNS = ("runs", "logs", "dump", "card", "report", "tag", "gc")  # need only the flow's name and datastore

_WITHOUT_VALUE = {"--quiet": "--quiet", "-q": "--quiet", "--not-quiet": "", "--no-pylint": "", "--pylint": ""}
_LOCAL = {"--datastore": "--store URL", "--metadata": "", "--environment": ""}  # `local` is what flowc does anyway
_NULL = {"--event-logger": "nullSidecarLogger", "--monitor": "nullSidecarMonitor"}  # flowc has neither
_ELSEWHERE = {
    "--datastore-root": "give the datastore to the command: `run --store URL`",
    "--package-suffixes": "leave it out: the code package holds the modules that the flow imports",
    "--event-logger": "leave it out: flowc logs no events",
    "--monitor": "leave it out: flowc has no monitor",
}
_METAFLOW_ONLY = {
    "spin": "`resume STEP` runs a step again, and everything after it, in a new run with an earlier run's inputs",
    "version": "`flowc --version` prints the version of flowc",
}


def command_line(path: str, class_name: str, argv: Sequence[str]) -> list[str]:
    """Returns the same command line for `flowc`. Raises Usage for an option or command that only Metaflow has."""
    words = list(argv)
    extra: list[str] = []
    configs: list[str] = []
    while words and words[0].startswith("-") and words[0] not in ("--help", "-h", "--version"):
        if words[0].partition("=")[0] in ("--config", "--config-value"):
            configs += _config(words)
        else:
            extra += _top_option(words)
    if not words:
        return ["check", path, "--flow", class_name, *extra, *(configs or _of_environment())]
    command = words[0]
    if command in ("--help", "-h"):
        return ["help"]
    if command == "--version":
        return ["--version"]
    if command in GROUPS:
        from .metaflow_groups import command_line as of_group

        return of_group(command, path, class_name, words[1:], extra, configs)
    if command not in COMMANDS:
        raise _unknown(command)
    if command in ("help", "explain"):
        return words
    if command in (
        "check",
        "show",
        "estimate",
    ):  # `run` reads the environment itself; `compile` depends only on its options
        configs = configs or _of_environment()
    if command not in ("run", "check", "compile", "show", "estimate", "plan", "deploy"):
        configs = []
    return [command, *_about(command, path, class_name), *_meant(command, extra), *configs, *_words(command, words[1:])]


def package_root(path: str, module: str) -> str:
    """Returns the folder from which Python imports the file as `module`, for `python -m PACKAGE.FLOW`."""
    import os

    for _ in module.split("."):
        path = os.path.dirname(path)
    return path


def _words(command: str, words: list[str]) -> list[str]:
    """Removes `show` from Metaflow's `logs show`."""
    if command != "logs":
        return words
    if words[:1] == ["show"]:
        return words[1:]
    if words[:1] == ["scrub"]:
        raise Usage(
            "flowc has no command `logs scrub`",
            "delete the object PATH.ATTEMPT.log from the datastore, or whole runs with `flowc gc`",
        )
    return words


def _meant(command: str, extra: list[str]) -> list[str]:
    """Returns the top options that the command has too."""
    if command in ("run", "resume", "check", "compile", "plan", "deploy"):
        return extra
    return [
        option
        for option in extra
        if command in ("show", "estimate") and option.startswith(("--with=", "--branch=", "--production"))
    ]


def _config(words: list[str]) -> list[str]:
    """Takes `--config NAME FILE` or `--config-value NAME TEXT` off the words."""
    name, equals, value = words.pop(0).partition("=")
    pair = [value] if equals else []
    while words and len(pair) < 2:
        pair.append(words.pop(0))
    if len(pair) < 2:
        raise Usage(f"`{name}` needs two values: {name} NAME {'FILE' if name == '--config' else 'TEXT'}")
    return [name, *pair]


def _of_environment() -> list[str]:
    """Returns the configs in Metaflow's environment variables, as options."""
    import os

    from .source_options import from_environment

    return [
        word
        for option, variable in (("--config", "METAFLOW_FLOW_CONFIG"), ("--config-value", "METAFLOW_FLOW_CONFIG_VALUE"))
        for name, text in from_environment(os.environ, variable)
        for word in (option, name, text)
    ]


def _about(command: str, path: str, class_name: str) -> list[str]:
    return ["--flow-file", path, "--flow", class_name] if command in _ABOUT_RUNS else [path, "--flow", class_name]


def _top_option(words: list[str]) -> list[str]:
    """Takes one top option off the words; returns its words for flowc's command."""
    name, equals, value = words.pop(0).partition("=")
    if name in _WITHOUT_VALUE and not equals:
        return [_WITHOUT_VALUE[name]] if _WITHOUT_VALUE[name] else []
    if name == "--with":
        if not equals and not words:
            raise Usage("`--with` needs a value", "name a decorator, as in `--with retry:times=2`")
        return [f"--with={value if equals else words.pop(0)}"]
    if name == "--production" and not equals:
        return [name]
    if name == "--branch":
        if not equals and not words:
            raise Usage("`--branch` needs a value", "name the branch, as in `--branch mine`")
        return [f"--branch={value if equals else words.pop(0)}"]
    if name in _LOCAL:
        if not equals:
            value = words.pop(0) if words else ""
        if value == "local":
            return []
        instead = (
            f"give the datastore to the command: `run {_LOCAL[name]}`"
            if _LOCAL[name]
            else f"leave it out, or write `{name}=local`"
        )
        raise Usage(f"`{name}={value}` is not supported", instead)
    if name in _NULL and (value if equals else "".join(words[:1])) == _NULL[name]:
        del words[: 0 if equals else 1]
        return []
    if name in _ELSEWHERE:
        raise Usage(f"`{name}` is not supported before the command", _ELSEWHERE[name])
    raise Usage(f"unknown option `{name}` before the command", "write a command's options after it: `run --alpha 0.5`")


def _unknown(command: str) -> Usage:
    if command in _METAFLOW_ONLY:
        return Usage(f"flowc has no command `{command}`", _METAFLOW_ONLY[command])
    from flowc.compiler.report.diagnostics import nearest
    from flowc.targets import target

    for name in target.names():
        if command == target.about(name).METAFLOW_COMMAND:
            return Usage(f"flowc has no command `{command}`", f"write the spec with `compile --target {name}`")
    close = nearest(command, (*COMMANDS, *GROUPS))
    return Usage(
        f"unknown command `{command}`",
        f"did you mean `{close}`?" if close else "the commands are " + ", ".join(COMMANDS),
    )
