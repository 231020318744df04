"""Rules of Argo 4's full CRDs that are not in Argo's JSON schema. The API server checks them when an object is applied.

Source: argo-workflows 4.0, `manifests/base/crds/full/argoproj.io_workflowtemplates.yaml`, `maxItems` and
`x-kubernetes-validations`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_TEMPLATES = 200  # of one spec
MAX_TASKS = 200  # of one DAG
MAX_INPUTS = 500  # parameters of one template
_BY = "the CRDs of Argo 4 refuse it"


def crd_problems(templates: list[dict[str, Any]], place: str) -> Iterator[tuple[str, str]]:
    """Yields a place and a message for each rule that the templates at `place` break."""
    if len(templates) > MAX_TEMPLATES:
        yield place, f"there are {len(templates)} templates, more than {MAX_TEMPLATES}: {_BY}"
    for index, template in enumerate(templates):
        here = f"{place}[{index}]"
        inputs = len(template.get("inputs", {}).get("parameters", []))
        if inputs > MAX_INPUTS:
            yield f"{here}.inputs.parameters", f"there are {inputs} parameters, more than {MAX_INPUTS}: {_BY}"
        if "dag" in template or "steps" in template:
            for field in ("activeDeadlineSeconds", "timeout"):
                if template.get(field):
                    yield f"{here}.{field}", f"a template of tasks or steps must not have `{field}`: {_BY}"
        tasks = template.get("dag", {}).get("tasks", [])
        if len(tasks) > MAX_TASKS:
            yield f"{here}.dag.tasks", f"there are {len(tasks)} tasks, more than {MAX_TASKS}: {_BY}"
        for number, task in enumerate(tasks):
            if task["name"][:1].isdigit() and ("depends" in task or "dependencies" in task):
                yield (
                    f"{here}.dag.tasks[{number}].name",
                    f"{task['name']!r} begins with a digit, but the task waits for others: {_BY}",
                )
            if "depends" in task and "continueOn" in task:
                yield f"{here}.dag.tasks[{number}].continueOn", f"`continueOn` cannot be combined with `depends`: {_BY}"
