"""The target `airflow`: a DAG file for Airflow 3, which Airflow 2.10 and later run too. It imports nothing of flowc."""

from __future__ import annotations

from flowc.compiler.ir.scopes import is_loop
from flowc.compiler.options.schedules import schedule_of
from flowc.compiler.rules.cron import five_fields
from flowc.runtime_shim.contract.semantics import NO_OTHER_ATTEMPT
from flowc.targets.shared.container import prerequisite
from flowc.targets.shared.provenance import compiled_with
from flowc.targets.shared.step_settings import summary
from flowc.targets.target import Option, SpecFile
from flowc.templates.render import render

from .names import dag_id
from .operators import STARTUP, is_empty, of_step, parameter_data, shared
from .refuse import HONOURED as HONOURED
from .refuse import NAME as NAME
from .refuse import refusals
from .tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Flow, Scope
    from flowc.compiler.report.diagnostics import Diagnostic
    from flowc.targets.target import Emitted, Options

OPTIONS: tuple[Option, ...] = (
    Option(
        "airflow-tasks", "how a task runs: kubernetes, in a pod, or process, on the worker itself", "kubernetes",
        ("kubernetes", "process"),
    ),
    Option("airflow-python", "the Python interpreter that has flowc installed, for process", "python3"),
    Option("service-account", "service account of the pods (default: that of the namespace)"),
    Option(
        "env-secret",
        "a Secret whose keys become environment variables of every task, such as the datastore's credentials",
    ),
    Option("kubernetes-conn-id", "Airflow's connection to the cluster (default: Airflow's own)"),
    Option("max-workers", "how many tasks of one run may run at a time; on Airflow 2, of all runs of the DAG", "100"),
    Option(
        "max-active-runs",
        "how many runs of the DAG may run at a time (default: `[core] max_active_runs_per_dag`, which is 16)",
    ),
    Option("max-map-length", "how many tasks a foreach may have: the installation's `[core] max_map_length`", "1024"),
    Option("workflow-timeout", "seconds after which Airflow stops a run"),
    Option(
        "airflow-installation",
        "a name for the installation, if it shares a datastore with a second one of the same `base_url`",
    ),
)  # fmt: skip


# Where BashOperator and KubernetesPodOperator look for the result of a task.
REPORTS = ("stdout", "json:/airflow/xcom/return.json")
# The label of a mapped task, for both operators: its path.
LABELS = ("{{ task.bash_command.split('--path ')[1].split()[0] }}", "{{ task.arguments[4] }}")


def check(flow: Flow, options: Options) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each part of the flow that this target cannot run.

    Codes: FLOW501 to FLOW505, FLOW530 to FLOW539, FLOW570 to FLOW576.
    """
    yield from refusals(flow, options)


def needs_containers(flow: Flow, options: Options) -> Iterator[tuple[str, str]]:
    """Yields each step whose loop, or the items of whose foreach, must share containers, and the reason."""
    if options.widths or any(is_loop(step) for step in flow.steps):
        from .needs import needs_containers as needs

        yield from needs(flow, options)


def check_spec(flow: Flow, options: Options, spec: Emitted) -> Iterator[Diagnostic]:
    """Yields nothing: Airflow reads DAG files of any size."""
    return iter(())


def prerequisites(options: Options) -> Iterator[str]:
    """Yields a sentence for each thing that must be in place before a run."""
    if options.own("airflow-tasks") == "process":
        yield f"{options.own('airflow-python')} on the workers must have flowc installed"
    else:
        yield prerequisite(options)


def emit(flow: Flow, scope: Scope, options: Options) -> tuple[SpecFile, ...]:
    """Returns `NAME_dag.py`."""
    name = options.name or dag_id(options.deployment or flow.name)
    kubernetes = options.own("airflow-tasks") == "kubernetes"
    tasks = Tasks(flow).flow(scope)
    steps = flow.by_name
    for task in tasks:
        if task["kind"] == "step":
            task.update(of_step(steps[task["step"]], flow, options, kubernetes))
    kinds = {task["kind"] for task in tasks}
    schedule = schedule_of(flow)
    text = render(
        "airflow/dag.py",
        name=name, doc=flow.doc, summary=summary(flow.doc), flow=flow.name, code=options.code, kubernetes=kubernetes,
        inputs=compiled_with(flow), python=options.own("airflow-python"), connection=options.own("kubernetes-conn-id"),
        parameters=[parameter_data(parameter) for parameter in flow.parameters],
        empty=[parameter.name for parameter in flow.parameters if is_empty(parameter)],
        schedule=five_fields(schedule.cron) if schedule else None,
        timezone=schedule.timezone if schedule else "UTC", workers=int(options.own("max-workers")),
        runs=int(options.own("max-active-runs") or 0), startup=STARTUP,
        timeout=int(options.own("workflow-timeout") or 0), shared=shared(flow, options), tasks=tasks,
        has_paths="paths" in kinds, has_items="items" in kinds, has_choice="choice" in kinds, has_ways="way" in kinds,
        has_helpers=len(kinds) > 1,
        has_retries=any(task.get("retries") for task in tasks), final=NO_OTHER_ATTEMPT,
        delays=bool(options.own("workflow-timeout"))
        or any(task.get("retries") or task.get("deadline") for task in tasks),
        mapped=any(task.get("paths") for task in tasks), report=REPORTS[kubernetes], label=LABELS[kubernetes],
    )  # fmt: skip
    return (SpecFile(f"{name.replace('.', '_')}_dag.py", text),)
