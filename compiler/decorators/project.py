"""`@project(name, branch=None, production=False)`: separate deployments of one flow, each with its own name.

`current` has `project_name`, `branch_name`, …; a deployment is named `PROJECT.BRANCH.FLOW`, as the orchestrator
writes names.
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
    """Raised if the command line and the decorator name different branches; `args[0]` is the message."""


@record
class Project:
    """The decorator's project and branch."""

    name: str
    branch: str  # "": none
    is_production: bool


def read(decorator: Decorator) -> Project:
    """Returns the decorator's values as a record."""
    name, branch, is_production, _ = semantics.project(decorator.attributes)
    return Project(name, branch, is_production)


@record
class Place:
    """The place where a flow of a project is deployed."""

    project: str
    branch: str  # "prod", "prod.B", "test.B" or "user.NAME"
    flow_name: str  # PROJECT.BRANCH.FLOW, the name of the deployment
    is_production: bool
    is_user_branch: bool  # True if neither a branch nor production was requested

    @property
    def tags(self) -> tuple[str, str]:
        """Returns the tags of its runs."""
        return semantics.project_tags(self.project, self.branch)


def place_of(decorator: Decorator, flow: str, user: str, branch: str = "", production: bool = False) -> Place:
    """Returns the place of the flow called `flow`.

    `branch` and `production` are from the command line; without either, the branch is that of `user`.
    Raises Disagreement if the command line names a different branch than the decorator,
    or production where the decorator does not.
    """
    project = read(decorator)
    if branch and project.branch and branch != project.branch:
        raise Disagreement(f"the branch is `{project.branch}` in `@project` and `{branch}` on the command line")
    chosen, is_production = project.branch or branch, project.is_production or production
    full = semantics.branch_name(chosen, is_production, user)
    name = semantics.project_flow_name(project.name, full, flow)
    return Place(project.name, full, name, is_production, not chosen and not is_production)


def deployed_to(decorator: Decorator, place: Place, branch: str, is_settled: bool) -> Decorator:
    """Returns the decorator for the IR, with the command line's `branch`.

    It has the place's own name if that `is_settled`.
    """
    before = decorator.attributes
    attributes = {**before, "branch": branch or before["branch"], "production": place.is_production}
    if is_settled:
        attributes["branch_name"] = place.branch
    return replace(decorator, attributes=attributes)


def object_name(place: Place, longest: int, kept: int, hashed: int) -> str:
    """Returns the deployment's name.

    One of more than `longest` characters becomes its first `kept` characters, a dash and `hashed` characters of
    its digest. The orchestrator sets the numbers: 45, 39 and 5 on Argo, 60, 60 and 16 on Step Functions.
    """
    if len(place.flow_name) <= longest:
        return place.flow_name
    from hashlib import sha256

    return f"{place.flow_name[:kept]}-{sha256(place.flow_name.encode()).hexdigest()[:hashed]}"


def event_name(event: str, place: Place | None) -> str:
    """Returns the name that `namespaced_event_name(event)` stands for: the event's name within the project's branch."""
    return f"mfns.{place.project}.{place.branch}.{event}" if place is not None else f"mfns.{event}"


def wrong_name(name: Value) -> str:
    """Returns the reason why a project or branch cannot have the name, "" if it can."""
    if not isinstance(name, str) or not name or not _LETTERS.issuperset(name):
        return "the name of a project or branch must consist of lower-case letters, digits and underscores"
    return f"the name of a project or branch must have at most {LONGEST} characters" if len(name) > LONGEST else ""


def check(decorator: Decorator, _owner: Flow) -> Iterator[Diagnostic]:
    attributes = decorator.attributes
    if attributes["name"] is None:
        yield value_error(
            decorator,
            "name",
            "it is required: the names of deployments begin with it",
            "write `@project(name='fraud')`",
        )
    elif why := wrong_name(attributes["name"]):
        yield value_error(decorator, "name", why, "choose a different name, such as `fraud_detection`")
    if attributes["branch"] is not None and (why := wrong_name(attributes["branch"])):
        yield value_error(decorator, "branch", why, "choose a different name, such as `fraud_detection`")
    yield from flags(decorator, "production")
