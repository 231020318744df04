"""Names that Argo and Kubernetes allow, made from the flow's. No two steps ever share one.

The name of a template or DAG task is up to 128 letters, digits and `-` (Argo, workflow validation). It begins the name
of a pod, so it must be lower case (RFC 1123). A step's name of lower-case letters, digits and single `_` is kept, with
`-` for `_`, which is reversible. Any other name, and any that looks like one of flowc's own, ends in a digest of the
original.
"""

from __future__ import annotations

from flowc.targets.shared.name_digest import digest, ends_in_digest

STEP_LENGTH = 63
OBJECT_LENGTH = 52  # a CronWorkflow appends the time of a run to its own name (Argo, cron workflow validation)

FLOW = "flow"  # the template of the whole flow
AGAIN = "again"  # the task of a loop's next visit
EACH = "each"  # STEP-each: the body of the step's foreach, for one item
EXIT, HOOKS = "on-exit", "exit-hooks"  # the template that runs after the others, and that of its pod
LOOP = "loop"  # STEP-loop: the visits of a step that may choose itself

TRIGGERS = ("trigger", "trigger_on_finish")  # the decorators that become a Sensor
ALL, ANY = "all", "any"  # of a Sensor's events
EVENT_PARAMETER = "flowc-event-"  # and a number: the workflow's parameter that says which event came; "null" for none
# Annotations of a template with a Sensor: what the Sensor waits for, and its namespace if that is not the template's.
EVENTS, EVENT_NAMESPACE = "flowc/events", "flowc/event-namespace"

_TAKEN = (FLOW, AGAIN, EXIT.replace("-", "_"), HOOKS.replace("-", "_"))  # steps whose templates would be flowc's own
_KEPT = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


def template_name(step: str, role: str = "") -> str:
    """Returns the name of the step's template and task, or of its template for `role` (EACH, LOOP)."""
    suffix = f"-{role}" if role else ""
    ambiguous = step in _TAKEN or step.rpartition("_")[2] in (EACH, LOOP) or ends_in_digest(step, "_")
    return _fitted(step, STEP_LENGTH - len(EACH) - 1, ambiguous) + suffix


def object_name(flow: str) -> str:
    """Returns the name of the WorkflowTemplate and CronWorkflow of a flow of that name."""
    plain = flow.lower().strip("_")
    return (
        _fitted(plain, OBJECT_LENGTH, False)
        if "__" not in plain and plain.isascii()
        else _fitted(flow, OBJECT_LENGTH, True)
    )


def is_object_name(name: str) -> bool:
    """Returns True for a valid name of the deployed objects (RFC 1123 label)."""
    inside = name.isascii() and all(
        character.isdigit() or character.islower() or character == "-" for character in name
    )
    return inside and 0 < len(name) <= OBJECT_LENGTH and not name.startswith("-") and not name.endswith("-")


def _fitted(text: str, length: int, ambiguous: bool) -> str:
    if not ambiguous and len(text) <= length and text[:1].isalpha() and not text.endswith("_") and "__" not in text:
        if _KEPT.issuperset(text):
            return text.replace("_", "-")
    kept = "".join(character if character.isascii() and character.isalnum() else "-" for character in text.lower())[
        : length - 9
    ].strip("-")
    while "--" in kept:
        kept = kept.replace("--", "-")
    return f"{kept if kept[:1].isalpha() else f'x{kept}'}-{digest(text)}"
