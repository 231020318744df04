"""Contexts: the places that a project deploys to, in `[tool.flowc.contexts.NAME]` of `pyproject.toml`.

    [tool.flowc.contexts.prod]
    target = "argo"                 # one target
    store = "s3://models/flowc"     # and other options of `compile`, the target's own too
    namespace = "ml"
    kube-context = "prod-eu"        # where the engine is: the SETTINGS of the target's `operate.py`
    production = true               # of a flow with `@project`; or `branch = "NAME"`
    protected = true                # a deploy asks for the deployment's name
    schedules = false               # new schedules start paused
    git-branch = "main"             # deploys only from this branch,
    clean = true                    # and only what is committed
    default = true                  # without `--on`

`--on NAME` chooses one. What it says comes before the settings of the project, and after the command line.
"""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record

from .options import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Protocol

    class Reader(Protocol):
        """The reader of settings, which collects their problems."""

        def refuse(self, key: str, what: str, why: str, how: str) -> None: ...

        def unknown(self, key: str, known_names: tuple[str, ...], where: str) -> None: ...


VARIABLE = "FLOWC_CONTEXT"
COMPILE = ("store", "image", "runtime", "runtime-image", "environments", "repository", "name", "namespace", "branch")
SWITCHES = ("production", "protected", "schedules", "clean", "default")
OWN = ("git-branch",)


@record
class Context:
    name: str = ""
    target: str = ""
    options: dict[str, str] = {}  # of the compile and of the target; "production" is there with the value ""
    place: dict[str, str] = {}  # the engine's SETTINGS
    protected: bool = False
    schedules: bool = True
    git_branch: str = ""
    clean: bool = False
    is_default: bool = False


NONE = Context()


def read(reader: Reader, table: Any, targets: tuple[str, ...]) -> dict[str, Context]:
    """Returns the contexts of the table, by name. Adds a problem to the reader for each mistake."""
    if not isinstance(table, dict):
        reader.refuse("contexts", "has `contexts` that are not tables", "each names a place to deploy to", _HOW)
        return {}
    contexts = {}
    for name, settings in table.items():
        context = _context(reader, name, settings, targets)
        if context is not None:
            contexts[name] = context
    defaults = [name for name, context in contexts.items() if context.is_default]
    if len(defaults) > 1:
        reader.refuse(
            defaults[1], f"has two default contexts, `{defaults[0]}` and `{defaults[1]}`",
            "a command without `--on` needs one", "remove `default = true` from one of them",
        )  # fmt: skip
    return contexts


_HOW = 'write `[tool.flowc.contexts.prod]` and `target = "argo"` below it'


def _context(reader: Reader, name: str, table: Any, targets: tuple[str, ...]) -> Context | None:
    from flowc.targets.operating import operator
    from flowc.targets.target import emitter

    where = f"`[tool.flowc.contexts.{name}]`"
    if not isinstance(table, dict):
        reader.refuse(name, f"has a context `{name}` that is not a table", "it must hold settings", _HOW)
        return None
    target = table.get("target")
    if target not in targets:
        what = f"has a context `{name}` without a target" if target is None else f"has an unknown target in {where}"
        how = "write `target = …` with one of " + ", ".join(targets)
        reader.refuse(name, what, "flowc must know what to deploy to", how)
        return None
    own = {option.name: option for option in emitter(target).OPTIONS}
    engine = operator(target)
    places = tuple(setting.name for setting in engine.SETTINGS) if engine is not None else ()
    known = ("target", *COMPILE, *SWITCHES, *OWN, *own, *places)
    texts: dict[str, str] = {}
    switches: dict[str, bool] = {}
    for key, value in table.items():
        if key not in known:
            reader.unknown(key, known, where)
        elif key in SWITCHES:
            if not isinstance(value, bool):
                what = f"has a `{key}` that is neither true nor false"
                reader.refuse(key, what, "it is a switch", f"write `{key} = true`")
            switches[key] = value is True
        elif isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
            what = f"has a `{key}` that is neither text nor a number"
            reader.refuse(key, what, f"it is the value of the option `--{key}`", f'write `{key} = "…"`')
        elif key in own and own[key].choices and value not in own[key].choices:
            how = "use one of " + ", ".join(own[key].choices)
            reader.refuse(key, f"has an invalid `{key}`: `{value}`", f"target {target} does not accept this value", how)
        else:
            texts[key] = str(value)
    if switches.get("production") and "branch" in texts:
        what = f"has `production` and `branch` in {where}"
        reader.refuse("branch", what, "a deployment is of one branch", "remove one of them")
    if "target" in texts:
        del texts["target"]
    options = {key: value for key, value in texts.items() if key in COMPILE or key in own}
    if switches.get("production"):
        options["production"] = ""
    return Context(
        name, target, options, {key: value for key, value in texts.items() if key in places},
        switches.get("protected", False), switches.get("schedules", True), texts.get("git-branch", ""),
        switches.get("clean", False), switches.get("default", False),
    )  # fmt: skip


def chosen(argv: Sequence[str], contexts: Mapping[str, Context], with_default: bool = False) -> Context:
    """Returns the context that `--on` names, or NONE. Raises Usage for an unknown one.

    With `with_default`, FLOWC_CONTEXT or the default context is meant where the words name none.
    """
    words = [*(argv[: argv.index("--")] if "--" in argv else argv), ""]
    names = [
        words[at + 1] if word == "--on" else word.partition("=")[2]
        for at, word in enumerate(words)
        if word == "--on" or word.startswith("--on=")
    ]
    name = names[-1] if names else ""
    if not name and with_default and not any(word in ("-t", "--target") or word[:9] == "--target=" for word in words):
        name = os.environ.get(VARIABLE, "")
        if not name:
            return next((context for context in contexts.values() if context.is_default), NONE)
    if not name and names:
        raise Usage("`--on` needs a value: --on CONTEXT")
    return of_name(name, contexts) if name else NONE


def of_name(name: str, contexts: Mapping[str, Context]) -> Context:
    """Returns the context. Raises Usage if there is none of that name."""
    if name in contexts:
        return contexts[name]
    from flowc.compiler.report.diagnostics import nearest

    close = nearest(name, list(contexts))
    hint = f"add `[tool.flowc.contexts.{name}]` to pyproject.toml"
    if contexts:
        hint = f"did you mean `{close}`?" if close else "the contexts are " + ", ".join(contexts)
    raise Usage(f"there is no context `{name}`", hint)
