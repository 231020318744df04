"""Names that Airflow and Python allow, made from the flow's. No two steps ever share one.

A task id is up to 250 ASCII letters, digits, `_`, `-` and `.` (Airflow, `validate_key`). The id of a step's task is the
step's name, which contains no `.`. The id of a helper task is `STEP.ROLE`. A name that is invalid, or that looks like a
changed one, ends in a digest of the original. In the DAG file, the variable of a step's task is `STEP_task`, that of a
helper `STEP_ROLE`.
"""

from __future__ import annotations

from flowc.targets.shared.name_digest import digest, ends_in_digest

LENGTH = 200
ID_LENGTH = 250
DAG_LENGTH = 200

PATHS = "paths"  # the paths of the tasks of the step's foreach
CHOICE = "choice"  # which case the step's switch chose
ITEMS = "items"  # the paths with which the step itself runs, where a switch in a foreach decides
WAY = "way"  # with a number: one way of the step's switch, where it needs a task of its own


def task_id(step: str, role: str = "") -> str:
    """Returns the id of the step's task, or of its helper task `role`."""
    return f"{_fitted(step)}.{role}" if role else _fitted(step)


def way_id(step: str, target: str) -> str:
    """Returns the id of the task that stands for the way of the step's switch to `target`: `STEP.to.TARGET`."""
    whole = f"{_fitted(step)}.to.{_fitted(target)}"
    return whole if len(whole) <= ID_LENGTH else f"{_fitted(step)}.to.x__{digest(target)}"


def variable(step: str, role: str = "task") -> str:
    """Returns the name of the Python variable that holds the step's task, or its helper task `role`."""
    return f"{_fitted(step)}_{role}"


def dag_id(flow: str) -> str:
    """Returns the DAG's id for a flow of that name."""
    return _fitted(flow)


def is_dag_id(name: str) -> bool:
    """Returns True for a valid DAG id."""
    return (
        0 < len(name) <= DAG_LENGTH
        and name.isascii()
        and all(character.isalnum() or character in "_-." for character in name)
    )


def _fitted(text: str) -> str:
    if text.isascii() and text.isidentifier() and len(text) <= LENGTH and not ends_in_digest(text, "__"):
        return text
    plain = "".join(
        character if character.isascii() and (character.isalnum() or character == "_") else "_" for character in text
    )[: LENGTH - 10]
    return f"{plain if plain[:1].isidentifier() else f'x{plain}'}__{digest(text)}"
