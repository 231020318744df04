"""`@project(name, branch=None, production=False)`: deployments of one flow side by side, each under a name of its own.

`current` has `project_name`, `branch_name`, …; a deployment is named `PROJECT.BRANCH.FLOW`, as the orchestrator writes names.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record, replace
from flowc.runtime_shim.contract import semantics

from ._kinds import flags
from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "flow"
ATTRIBUTES: dict[str, Value] = {"name": None, "branch": None, "production": False}
WHY = "runs of different branches would be deployed under one name"
HOW = "remove it, and give each branch its name with `--name`"
LONGEST = 128
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


class Disagreement(ValueError):
    """The command line and the decorator name different branches; `args[0]` says so."""


@record
class Project:
    """The project and the branch that the decorator names."""

    name: str
    branch: str  # "" for none
    is_production: bool


def read(decorator: Decorator) -> Project:
    """Returns what the decorator says."""
    given = decorator.attributes
    return Project(str(given["name"]), str(given["branch"] or ""), given["production"] is True)


@record
class Place:
    """Where a flow of a project is deployed."""

    project: str
    branch: str  # "prod", "prod.B", "test.B" or "user.NAME"
    flow_name: str  # PROJECT.BRANCH.FLOW, the name of the deployment
    is_production: bool
    is_user_branch: bool  # neither a branch nor production was asked for

    @property
    def tags(self) -> tuple[str, str]:
        """The tags of its runs."""
        return semantics.project_tags(self.project, self.branch)


def place_of(decorator: Decorator, flow: str, user: str, branch: str = "", production: bool = False) -> Place:
    """Returns the place of the flow called `flow`. `branch` and `production` are the command line's, `user` is whose branch it is without either.

    Raises Disagreement when the command line says another branch than the decorator, or production where that says none.
    """
    project = read(decorator)
    if branch and project.branch and branch != project.branch:
        raise Disagreement(f"the branch is `{project.branch}` in `@project` and `{branch}` on the command line")
    chosen, is_production = project.branch or branch, project.is_production or production
    full = semantics.branch_name(chosen, is_production, user)
    name = semantics.project_flow_name(project.name, full, flow)
    return Place(project.name, full, name, is_production, not chosen and not is_production)


def deployed_to(decorator: Decorator, place: Place, branch: str, is_settled: bool) -> Decorator:
    """Returns the decorator as the IR carries it: with the command line's `branch`, and the place's own name where it `is_settled`."""
    given = decorator.attributes
    attributes = {**given, "branch": branch or given["branch"], "production": place.is_production}
    if is_settled:
        attributes["branch_name"] = place.branch
    return replace(decorator, attributes=attributes)


def object_name(place: Place, longest: int, kept: int, hashed: int) -> str:
    """Returns the deployment's name; where it is over `longest` characters, `kept` of them, a dash and `hashed` characters of its digest.

    The numbers are the orchestrator's: 45, 39 and 5 on Argo, 60, 60 and 16 on Step Functions.
    """
    if len(place.flow_name) <= longest:
        return place.flow_name
    from hashlib import sha256

    return f"{place.flow_name[:kept]}-{sha256(place.flow_name.encode()).hexdigest()[:hashed]}"


def event_name(event: str, place: Place | None) -> str:
    """Returns what `namespaced_event_name(event)` stands for: the event's own name within the project's branch."""
    return f"mfns.{place.project}.{place.branch}.{event}" if place is not None else f"mfns.{event}"


def wrong_name(name: Value) -> str:
    """Returns why the name cannot be that of a project or branch, "" if it can."""
    if not isinstance(name, str) or not name or not _LETTERS.issuperset(name):
        return "a name of a project or branch has lower-case letters, digits and underscores"
    return f"a name of a project or branch has up to {LONGEST} characters" if len(name) > LONGEST else ""


def check(decorator: Decorator, _owner: Flow) -> Iterator[Diagnostic]:
    given = decorator.attributes
    if given["name"] is None:
        yield value_error(
            decorator,
            "name",
            "a project has a name, of which the deployments' names are made",
            "write `@project(name='fraud')`",
        )
    elif why := wrong_name(given["name"]):
        yield value_error(decorator, "name", why, "write such a name")
    if given["branch"] is not None and (why := wrong_name(given["branch"])):
        yield value_error(decorator, "branch", why, "write such a name")
    yield from flags(decorator, "production")
