"""The Batch job definitions that the state machine names: one for each step, as plain data in the order of the steps.

A definition holds all that is the same for every task of its step. A task adds its run (`FLOWC_RUN`), its path
(`Ref::path`) and, for the first step, the parameters. So a task can also be started by hand:
`aws batch submit-job --parameters path=-`.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.compiler.ir.nodes import Foreach, Switch
from flowc.runtime_shim.contract.semantics import NO_OTHER_ATTEMPT
from flowc.targets.shared.step_settings import deadline, retries, variables
from flowc.targets.shared.task_arguments import task_arguments
from flowc.templates.escape import json
from flowc.templates.render import renderer

from .names import definition_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, TypeAlias

    from flowc.compiler.ir.nodes import Flow, Step
    from flowc.targets.target import Options

    from .compute import Compute
    from .history import Room
    from .storage import Store

    Data: TypeAlias = dict[str, Any]

NAME = '"jobDefinitionName": '  # the first field of a rendered definition
MAX_ATTEMPTS = 10  # Batch's (RegisterJobDefinition, RetryStrategy)


@record
class Jobs:
    """The parts that all definitions of one flow share."""

    flow: Flow
    machine: str  # name of the state machine
    store: Store
    options: Options
    rooms: Mapping[str, Room]  # of the steps with an inline foreach
    bootstrap: tuple[str, ...]  # before the shim's own arguments: `-m MODULE`, or `-c TEXT`, which fetches it first
    runtime: str  # URL of the shim that the bootstrap fetches; "" when the image has it

    def definition(self, step: Step, compute: Compute) -> Data:
        """Returns the template data of the step's definition, without its name, which depends on its text."""
        return {
            "name": "",
            "image": compute.image,
            "command": [compute.python, *self.bootstrap, *arguments(step, self.options, compute)],
            "environment": self.environment(step, compute),
            "vcpus": str(compute.vcpus), "memory": str(compute.memory), "gpus": str(compute.gpus or ""),
            "job_role": compute.job_role, "execution_role": compute.execution_role,
            "privileged": compute.privileged,
            "linux": _linux(compute),
            "volumes": compute.volumes,
            "log_driver": compute.log_driver, "log_options": dict(compute.log_options),
            "attempts": attempts(step),
            "final_exit_code": str(NO_OTHER_ATTEMPT) if attempts(step) > 1 else "",
            "timeout": deadline(step),
        }  # fmt: skip

    def definitions(self, computes: Mapping[str, Compute]) -> tuple[dict[str, str], str]:
        """Returns the name of each step's definition, and the text of all definitions.

        A name is made from the text of its definition without one, as a list of its own. Rendering a definition costs
        as much as compiling its step, so each is rendered once, and gets its name afterwards.
        """
        names: dict[str, str] = {}
        items = []
        render = renderer("step_functions/jobs.batch.json")
        for step in self.flow.steps:
            text = render(jobs=[self.definition(step, computes[step.name])])
            names[step.name] = definition_name(self.machine, step.name, text)
            item = text.removeprefix("[\n").removesuffix("\n]\n")
            items.append(item.replace(f'{NAME}""', NAME + json(names[step.name]), 1))
        return names, "[\n" + ",\n".join(items) + "\n]\n"

    def environment(self, step: Step, compute: Compute) -> list[tuple[str, str]]:
        region = self.options.own("region")
        flowc = {
            "FLOWC_STORE": self.store.url,
            "FLOWC_FLOW": self.flow.name,
            "FLOWC_CODE": self.options.code,
            "FLOWC_TARGET": "step-functions",
        }
        if self.runtime:
            flowc["FLOWC_RUNTIME"] = self.runtime
        if region:
            flowc["AWS_REGION"] = region
        if step.name in self.rooms:
            flowc.update(self.rooms[step.name].variables(step.name))
        if compute.tmpfs_is_tempdir:
            flowc["TMPDIR"] = compute.tmpfs_path
        return list({**flowc, **variables(step), **self.options.packages_of(step.name)}.items())


def arguments(step: Step, options: Options, compute: Compute) -> list[str]:
    """Returns the shim's arguments.

    Batch replaces `Ref::path` by the path. A step's name is an identifier, so it contains no second `Ref::`.
    """
    task = task_arguments(step.name, "Ref::path", options, compute.vcpus, compute.memory)
    match step.transition:
        case Foreach():
            return [*task, "--report", "paths"]
        case Switch():
            return [*task, "--report", "store"]
        case _:
            return task


def attempts(step: Step) -> int:
    """Returns how often Batch runs the step's job before the job fails."""
    return 1 + retries(step)


def _linux(compute: Compute) -> Data:
    """Returns `linuxParameters` of RegisterJobDefinition, without absent values."""
    parameters: Data = {}
    if compute.shared_memory:
        parameters["sharedMemorySize"] = compute.shared_memory
    if compute.tmpfs_path:
        # "defaults": without it, Docker mounts with noexec, and libraries that are unpacked in TMPDIR cannot be loaded.
        parameters["tmpfs"] = [
            {"containerPath": compute.tmpfs_path, "size": compute.tmpfs_size, "mountOptions": ["defaults"]}
        ]
    if compute.max_swap is not None:
        parameters["maxSwap"] = compute.max_swap
    if compute.swappiness is not None:
        parameters["swappiness"] = compute.swappiness
    return parameters
