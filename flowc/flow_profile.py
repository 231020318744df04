"""The profile of a flow as an input of its compile: `FLOW.profile.json` beside the flow, or the one that is named."""

from __future__ import annotations

import os

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Input
from flowc.compiler.optimize.cost import need_of
from flowc.compiler.optimize.profile import ENDING, Malformed, Profile, loads
from flowc.compiler.report.diagnostics import WARNING, Diagnostic, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow


@record
class Past:
    """What is known of past runs of a flow."""

    profile: Profile
    source: Input  # the profile's file, for the provenance of specs


def past_of(path: str, named: str, flow: Flow) -> tuple[Past | None, tuple[Diagnostic, ...]]:
    """Returns the profile for the flow in the file `path`, and warnings.

    It is the file `named`, or else the one beside the flow, or in the folder `named`, if there is one. Raises Refused
    for a file that is missing, damaged or, if it is named, of a different flow.
    """
    file = file_of(path, named)
    named = "" if os.path.isdir(named) else named
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except FileNotFoundError:
        if not named:
            return None, ()
        raise _refused(f"there is no profile `{file}`") from None
    except OSError as error:
        raise _refused(f"the profile `{file}` cannot be read: {error.strerror}") from None
    try:
        profile = loads(data.decode("utf-8", "replace"))
    except Malformed as error:
        raise _refused(f"`{file}` is not a profile: {error}") from None
    if profile.flow != flow.name:
        what = f"the profile `{file}` is of flow `{profile.flow}`, not of `{flow.name}`"
        if named:
            raise _refused(what)
        why = "the optimizer has no numbers of this flow, and uses its simple rules"
        return None, (Diagnostic("FLOW621", what, None, why, f"name a profile of `{flow.name}`", WARNING),)
    from hashlib import sha256

    name = os.path.relpath(file, os.path.dirname(path) or ".")  # the same wherever flowc is called
    source = Input("profile", flow.name, name.replace(os.sep, "/"), f"sha256:{sha256(data).hexdigest()}")
    return Past(profile, source), (*_outdated(file, profile, flow), *_exceeded(profile, flow))


def file_of(path: str, named: str) -> str:
    """Returns the file of the profile: `named`, or FLOW.profile.json in the folder `named` or beside the flow."""
    if named and not os.path.isdir(named):
        return named
    name = os.path.splitext(os.path.basename(path))[0] + ENDING
    return os.path.join(named or os.path.dirname(path), name)


def _outdated(file: str, profile: Profile, flow: Flow) -> list[Diagnostic]:
    steps = flow.by_name
    gone = [f"`{step}`" for step in profile.steps if step not in steps]
    if not gone:
        return []
    names = ", ".join(gone[:5]) + (f" and {len(gone) - 5} more" if len(gone) > 5 else "")
    what = f"the profile `{file}` has steps that the flow does not have: {names}"
    why = "their numbers count for nothing, and the steps that replace them have none"
    return [Diagnostic("FLOW621", what, None, why, "write it again after some runs, with `flowc profile`", WARNING)]


def _exceeded(profile: Profile, flow: Flow) -> Iterator[Diagnostic]:
    """Yields FLOW622 for each step whose tasks have used more memory than it requests."""
    for step in flow.steps:
        need, used = need_of(step), profile.peak(step.name)
        if need is None or used <= need.memory:
            continue
        what = (
            f"tasks of step `{step.name}` have used {used:,.0f} MiB of memory, but it requests {need.memory:,.0f} MiB"
        )
        why = "a container that exceeds its memory is killed, with all tasks that run in it"
        enough = -(-int(used * 1.1) // 100) * 100
        yield Diagnostic("FLOW622", what, step.span, why, f"request more: `@resources(memory={enough})`", WARNING)


def _refused(what: str) -> Refused:
    why = "the optimizer chooses by it what shares a container"
    return Refused([Diagnostic("FLOW620", what, None, why, "write one with `flowc profile`, or leave it out")])
