"""`flowc lock`: the packages of a flow's environments, resolved once and written beside the flow, for review in git."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import replace
from flowc.compiler.report.diagnostics import Diagnostic, Refused, has_errors, without_hints

from .. import files
from ..environments import locks, moments, platforms, requests, resolve, shown, uv
from ..environments.demand import folder_of
from ..environments.pylock import dumps
from ..flow_source import FLOW, ISOLATED, WITH, load_flow, placed
from ..options import Arguments, Option, Usage, one_positional, parse
from ..settings import NONE, settings_for
from ..source_options import OPTIONS as SOURCE
from ..source_options import compile_inputs
from ..terminal import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from flowc.compiler.pipeline import Program

    from ..environments.pylock import CondaPackage, Lock, Wheel
    from ..environments.requests import Wanted
    from ..environments.resolve import Choices

USAGE = ("flowc lock FLOW.py [OPTIONS]",)
TEXT = """
Resolves the packages of `@pypi` and `@pypi_base`, and writes FLOW.lock/pylock.NAME-PLATFORM.toml (PEP 751) for each
distinct environment: every package with its version, URL and SHA-256 digest. Locked versions are kept as long as they
fit. `check`, `compile` and `run` read the lock and never resolve. Needs uv: install `flowc[environments]`.
"""
OPTIONS = (
    Option(
        "--platform",
        "the platforms to lock for, separated by commas: " + ", ".join(platforms.KNOWN),
        "NAMES",
        default="those of the lock, else " + ",".join(platforms.DEFAULT),
    ),
    Option(
        "--glibc",
        "the oldest C library that the packages must support, on Linux",
        "VERSION",
        default=f"that of the lock, else {platforms.GLIBC}",
    ),
    Option("--upgrade", "take the newest versions that fit, instead of the locked ones"),
    Option("--upgrade-package", "take the newest version of this package that fits", "NAME", repeated=True),
    Option("--exclude-newer", "ignore files that were uploaded after this date or time", "TIME"),
    Option(
        "--index",
        "an index to query before the default one; the first that has a package wins",
        "[NAME=]URL",
        repeated=True,
    ),
    Option(
        "--default-index",
        "the index to query last",
        "[NAME=]URL",
        default="UV_DEFAULT_INDEX, else those of the lock, else PyPI",
    ),
    Option("--build", "build this package from its source distribution, which runs its code", "NAME", repeated=True),
    Option("--check", "write nothing and query no index; exit with 1 if the lock does not match the flow"),
    Option("--sbom", "print a bill of materials of what is locked, as JSON", "FORMAT", choices=("cyclonedx", "spdx")),
    Option("--licenses", "print the licence of each locked package, or add them to the bill of materials"),
    Option("--audit", "compare what is locked with a database of vulnerabilities, in OSV's format", "DATABASE"),
    FLOW,
    WITH,
    ISOLATED,
    *SOURCE,
    Option("--quiet", "print only problems", short="-q"),
)
EXAMPLES = (
    ("flowc lock FLOW.py", "after `@pypi` has changed"),
    ("flowc lock FLOW.py --upgrade", "newer versions of everything"),
    ("flowc lock FLOW.py --platform linux/amd64,darwin/arm64", "for the cluster, and for runs on a Mac"),
    ("flowc lock FLOW.py --check", "in CI: does the lock match the flow?"),
    ("flowc lock FLOW.py --sbom cyclonedx > FLOW.cdx.json", "what the lock holds, for other tools"),
    ("flowc lock FLOW.py --audit osv-pypi.zip", "exits with 1 if a locked package has a known vulnerability"),
)

_FROM_SETTINGS = ("platform", "glibc", "index", "default-index", "exclude-newer")


def run(argv: list[str], out: Output) -> int:
    given_arguments = parse(argv, OPTIONS)
    path = one_positional(given_arguments, "the flow's file")
    isolated = given_arguments.flag("--isolated")
    settings = (NONE if isolated else settings_for(path)).options
    defaults = {f"--{name}": (settings[name],) for name in _FROM_SETTINGS if settings.get(name)}
    arguments = Arguments(given_arguments.positional, {**defaults, **given_arguments.given})
    _check_time(arguments.text("--exclude-newer"))
    program = load_flow(path, arguments.text("--flow"), arguments.all("--with"), isolated, compile_inputs(arguments))
    problems = list(requests.unlockable_of(program.flow, path, settings))
    reports = arguments.text("--sbom") or arguments.flag("--licenses") or arguments.text("--audit")
    if arguments.flag("--check") or reports:
        problems += [
            problem if problem.code == locks.STALE else _as_error(problem)
            for problem in locks.problems(program.flow, path, settings)
        ]
    _refuse(problems, program, path)
    environments = requests.of_flow(program.flow, path, settings)
    if reports:
        return _report(program.flow.name, path, arguments, out)
    if arguments.flag("--check"):
        _say(
            arguments,
            out,
            f"{folder_of(path)}: {_count(environments)}, up to date"
            if environments
            else "the flow asks for no packages",
        )
        return 0
    return _lock(program, path, arguments, settings, environments, out)


def _check_time(text: str) -> None:
    """Raises Usage for a time that is none, or that is relative, so that every day would give another lock."""
    try:
        if text:
            moments.moment(text)
    except ValueError:
        what = f"`--exclude-newer` takes a date or a time, not `{text}`"
        raise Usage(what, "write `2026-11-01`, or `2026-11-01T12:00:00Z`") from None


def _report(flow: str, path: str, arguments: Arguments, out: Output) -> int:
    """Prints what is known about the locked packages. Returns 1 if one of them has a known vulnerability."""
    if arguments.text("--audit") and (arguments.text("--sbom") or arguments.flag("--licenses")):
        raise Usage("`--audit` excludes `--sbom` and `--licenses`", "run two commands")
    lock_files = tuple(locks.read_all(path, flow)[0].values())
    if arguments.text("--audit"):
        from ..environments import audit

        result = audit.audit(lock_files, arguments.text("--audit"))
        for line in audit.shown(result):
            out.print(line)
        return 1 if result.findings else 0
    from ..environments import licenses

    licenses_of = licenses.of(lock_files) if arguments.flag("--licenses") else {}
    if arguments.text("--sbom"):
        from ..environments import sbom

        out.print(sbom.dumps(flow, lock_files, arguments.text("--sbom"), licenses_of).rstrip("\n"))
        return 0
    for line in licenses.shown(licenses_of):
        out.print(line)
    return 0


def _as_error(diagnostic: Diagnostic) -> Diagnostic:
    return replace(diagnostic, severity="error")


def _refuse(problems: list[Diagnostic], program: Program, path: str) -> None:
    if problems:
        every = (*without_hints(program.diagnostics), *problems)
        if has_errors(every):
            raise Refused(*placed(program, path, every))


def _lock(
    program: Program,
    path: str,
    arguments: Arguments,
    settings: dict[str, str],
    environments: tuple[Wanted, ...],
    out: Output,
) -> int:
    """Resolves everything before writing anything, so that a lock never mixes two states."""
    flow, folder = program.flow.name, folder_of(path)
    earlier, damaged = locks.read_all(path, flow)
    for problem in damaged:
        out.warning(f"{problem}; `flowc lock` writes it again")
    new: dict[str, Lock] = {}
    named = _choices(arguments, path, settings)
    place = resolve.Place(os.path.dirname(os.path.abspath(path)), os.path.abspath(folder))
    # flows of one file share a folder
    prefix = f"{flow}-" if not path.endswith(".json") and len(_flows(path)) > 1 else ""
    for environment in environments:
        before: tuple[Wheel, ...] = ()
        conda_before: tuple[CondaPackage, ...] = ()
        for platform in _platforms(arguments, earlier):
            old = _old(earlier, environment, platform)
            choices = _with_indexes(named, old, earlier)
            if old is not None and _is_fresh(old, environment, platform, choices):
                lock = replace(old, name=environment.name, source=choices.source if old.source else "")
            else:
                try:
                    lock = resolve.resolve(
                        flow,
                        environment,
                        platform,
                        choices,
                        old.wheels if old is not None else before or _any(earlier, platform),
                        place,
                        old.conda if old is not None else conda_before or _any_conda(earlier, platform),
                    )
                except uv.Refused as error:
                    _refuse([_unresolved(environment, platform, str(error))], program, path)
                    raise AssertionError from None
            before, conda_before = before or lock.wheels, conda_before or lock.conda
            new[locks.file_name(lock, prefix)] = lock
    changed = _write(folder, new, [*earlier, *(name.split("`")[1] for name in damaged)])
    for name, what in changed:
        _say(arguments, out, f"{os.path.join(folder, name)}: {what}")
    if not environments:
        _say(arguments, out, "the flow asks for no packages")
    elif not changed:
        _say(arguments, out, f"{folder}: {_count(environments)}, nothing changed")
    return 0


def _flows(path: str) -> tuple[str, ...]:
    from flowc.compiler.pipeline import flow_names

    return flow_names(path)


def _choices(arguments: Arguments, path: str, settings: dict[str, str]) -> Choices:
    file = settings.get("dependencies", "")
    above = os.path.dirname(os.path.abspath(path))
    own = tuple(line.partition("=") for line in settings.get("package-index", "").split("\n") if line)
    return resolve.Choices(
        arguments.all("--index"),
        arguments.text("--default-index"),
        arguments.text("--exclude-newer"),
        arguments.flag("--upgrade"),
        arguments.all("--upgrade-package"),
        _words(",".join(arguments.all("--build")) or settings.get("build", "")),
        tuple((name, url) for name, _, url in own),
        file if os.path.basename(file) == "uv.lock" else "",
        _words(settings.get("extras", "")),
        _words(settings.get("groups", "")),
        os.path.relpath(os.path.abspath(file), above).replace(os.sep, "/") if file else "",
    )


def _with_indexes(choices: Choices, old: Lock | None, earlier: dict[str, Lock]) -> Choices:
    """Returns the choices with the indexes of the lock, unless somebody names others.

    Without them, an upgrade would look for private packages on the public index, where anybody may have their names.
    """
    if choices.index or choices.default_index or os.environ.get("UV_INDEX") or os.environ.get("UV_DEFAULT_INDEX"):
        return choices
    locks_before = [*([old] if old is not None else []), *earlier.values()]
    *first, last = next((lock.indexes for lock in locks_before if lock.indexes), ("",))
    return replace(choices, index=tuple(first), default_index=last)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _platforms(arguments: Arguments, earlier: dict[str, Lock]) -> list[platforms.Platform]:
    """Returns the platforms to lock for, by default those of the earlier lock. Raises Usage for an unknown one."""
    locked = [lock.platform for lock in earlier.values()]
    glibc = arguments.text("--glibc") or next(
        (platform.glibc for platform in locked if platform.glibc), platforms.GLIBC
    )
    parts = glibc.split(".")
    if len(parts) != 2 or not all(part.isdigit() for part in parts):
        raise Usage(f"`--glibc` takes a version such as {platforms.GLIBC}, not `{glibc}`")
    names = [word.strip() for word in arguments.text("--platform").split(",") if word.strip()]
    names = names or sorted({platform.name for platform in locked}) or list(platforms.DEFAULT)
    for name in names:
        if name not in platforms.KNOWN:
            raise Usage(f"unknown platform `{name}`", "the platforms are " + ", ".join(platforms.KNOWN))
    return [platforms.platform(name, glibc) for name in dict.fromkeys(names)]


def _old(earlier: dict[str, Lock], environment: Wanted, platform: platforms.Platform) -> Lock | None:
    """Returns the earlier lock of the environment: of the same request, else of the same name."""
    name = locks.match(earlier, environment, platform.name)
    named = (lock for lock in earlier.values() if (lock.name, lock.platform.name) == (environment.name, platform.name))
    return earlier[name] if name else next(named, None)


def _is_fresh(lock: Lock, environment: Wanted, platform: platforms.Platform, choices: Choices) -> bool:
    """Returns True if the lock satisfies the request and the options, so that no index needs to be queried.

    A mirror that only this machine uses makes no difference.
    """
    request = environment.request
    same = (lock.request, lock.platform) == (request, platform) and not list(locks.changed_sources({"": lock}))
    own = {resolve.bare_name(name): url for name, url in choices.package_index}
    same = same and all(
        wheel.index == own.get(wheel.name, "") for wheel in lock.wheels if wheel.index or wheel.name in own
    )
    asked = (
        choices.upgrade or choices.upgraded or (choices.exclude_newer and choices.exclude_newer != lock.exclude_newer)
    )
    if choices.index or choices.default_index:
        asked = asked or uv.indexes(choices.index, choices.default_index)[1] != lock.indexes
    return same and not asked


def _any(earlier: dict[str, Lock], platform: platforms.Platform) -> tuple[Wheel, ...]:
    """Returns the wheels of the flow's other environments, so that they share versions where possible."""
    wheels: dict[str, Wheel] = {}
    for lock in earlier.values():
        if lock.platform.name == platform.name:
            for wheel in lock.wheels:
                wheels.setdefault(wheel.name, wheel)
    return tuple(wheels.values())


def _any_conda(earlier: dict[str, Lock], platform: platforms.Platform) -> tuple[CondaPackage, ...]:
    packages: dict[str, CondaPackage] = {}
    for lock in earlier.values():
        for package in lock.conda if lock.platform.name == platform.name else ():
            packages.setdefault(package.name, package)
    return tuple(packages.values())


def _unresolved(environment: Wanted, platform: platforms.Platform, output: str) -> Diagnostic:
    where = f"{platform.name}, glibc {platform.glibc}" if platform.glibc else platform.name
    return Diagnostic(
        "FLOW163",
        f"the packages of `{environment.name}` cannot be resolved for Python {environment.request.python} on {where}",
        environment.span,
        f"{'the solvers say' if environment.request.conda else 'uv says'}: {output}",
        _advice(output, platform),
    )


def _advice(output: str, platform: platforms.Platform) -> str:
    """Returns what would help, as far as the resolver's message shows it."""
    if "exclude newer time" in output or "filtered by `exclude-newer`" in output:
        return "lock with a later `--exclude-newer`, or ask for a version that existed then"
    if "because building from source is disabled" in output:
        name = output.rpartition("Wheels are required for `")[2].partition("`")[0]
        return f"choose a version of `{name}` with a wheel, or write `--build {name}`, which runs its code here"
    if "valid authentication credentials" in output:
        return (
            "give the credentials: name the index, `--index NAME=URL`, and set UV_INDEX_NAME_USERNAME and "
            "UV_INDEX_NAME_PASSWORD with its name in capital letters; or use netrc or a keyring"
        )
    if "not found in the package registry" in output:
        return "check the spelling of the name, or add the index that has the package, with `--index`"
    if "matching platform tag" in output:
        newer = ", lock for a newer C library (`--glibc`)" if platform.glibc else ""
        return f"choose a version with a wheel for {platform.name}{newer}, or lock for other platforms (`--platform`)"
    return (
        "choose a different version or Python, lock for a newer C library (`--glibc`), add an index (`--index`), "
        "or let a package be built from its sources (`--build NAME`)"
    )


def _write(folder: str, new: dict[str, Lock], old: list[str]) -> list[tuple[str, str]]:
    """Writes the locks and deletes stale ones; returns (file, change) for each file that changed."""
    done = []
    for name, lock in sorted(new.items()):
        path, data = os.path.join(folder, name), dumps(lock).encode()
        before = files.read(path)
        if before != data:
            files.write(path, data)
            done.append((name, f"{'changed' if before is not None else 'new'}, {_packages(lock)}"))
    for name in sorted(set(old) - set(new)):
        files.remove(os.path.join(folder, name))
        done.append((name, "deleted"))
    try:
        os.rmdir(folder)  # if it is empty now
    except OSError:
        pass
    return done


def _packages(lock: Lock) -> str:
    return shown.packages(lock.count) + (f", {shown.size(lock.size)} to download" if lock.size else "")


def _count(environments: tuple[Wanted, ...]) -> str:
    return f"{len(environments)} environment{'s' if len(environments) != 1 else ''}"


def _say(arguments: Arguments, out: Output, text: str) -> None:
    if not arguments.flag("--quiet"):
        out.print(text)
