"""State machines of any flow agree with the reference on a real interpreter, and AWS accepts them."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.validate import ParamValidator
from flowc.compiler.fast_start.record import replace
from flowc.compiler.ir.nodes import Flow, Foreach, Switch
from flowc.compiler.ir.scopes import is_loop, scopes
from flowc.compiler.optimize.optimize import optimized
from flowc.compiler.optimize.settings import Settings
from flowc.compiler.optimize.sketch import sketched
from flowc.compiler.pipeline import Program
from flowc.compiler.report.diagnostics import Refused
from flowc.targets.step_functions.emit import check, emit, needs_containers
from flowc.targets.step_functions.input_check import MAX_SIZE
from flowc.targets.step_functions.jobs import MAX_ATTEMPTS
from flowc.targets.step_functions.names import (
    ROLES,
    definition_name,
    definition_prefix,
    job_name,
    machine_name,
    schedule_name,
    state_name,
)
from flowc.targets.step_functions.rules.services import OVERRIDES_SIZE
from flowc.targets.step_functions.validate import together, validate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import hostile
from tests.support.building import options_of, program_of, spec_of
from tests.support.reference import executed
from tests.support.strategies import flows

from .interpreter import BUCKET, Engine, GrowingTable, engine

SETTINGS = st.builds(
    Settings, fuse=st.booleans(), loops=st.booleans(), items=st.integers(0, 3), containers=st.integers(0, 3)
)
GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="module")
def aws() -> Iterator[Engine]:
    with engine() as started:
        yield started


def emitted(flow: Flow, **options: str) -> Any:
    return emit(flow, scopes(flow), options_of("step-functions", store=f"s3://{BUCKET}/root", **options))


@pytest.mark.slow
@given(flow=flows())
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_a_run_does_what_the_reference_says(aws: Engine, flow: Flow) -> None:
    files = emitted(flow)
    for file in files:
        assert not list(validate(file.name, file.text))
    assert not list(together({file.name: file.text for file in files}))
    execution = aws.run(flow, files)
    assert execution["status"] == "SUCCEEDED", (execution.get("error"), execution.get("cause"))
    assert aws.started == executed(flow)


@pytest.mark.slow
@given(flow=flows(), wanted=SETTINGS)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_a_flow_of_containers_runs_the_same_tasks(aws: Engine, flow: Flow, wanted: Settings) -> None:
    """The tasks are the reference's, in no more jobs than tasks."""
    result = optimized(flow, wanted)
    options = replace(
        options_of("step-functions", store=f"s3://{BUCKET}/root"), containers=result.containers, widths=result.widths
    )
    assert not [found for found in check(result.flow, options) if found.severity == "error"]
    files = emit(result.flow, result.scope, options)
    for file in files:
        assert not list(validate(file.name, file.text))
    assert not list(together({file.name: file.text for file in files}))
    execution = aws.run(flow, files)
    assert execution["status"] == "SUCCEEDED", (execution.get("error"), execution.get("cause"))
    assert aws.started == executed(flow) and aws.containers <= len(aws.started)


PAUSES = """
from metaflow import FlowSpec, retry, step, timeout

class F(FlowSpec):
    @retry(times=2, minutes_between_retries=5)
    @timeout(hours=1)
    @step
    def start(self):
        self.items = list(range(5000))
        self.next(self.body, foreach="items")

    @retry(times=1, minutes_between_retries=7)
    @step
    def body(self):
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_job_of_several_tasks(tmp_path: Path) -> None:
    """Pauses and timeouts are the tasks' own. A foreach counts its jobs: it is inline, whatever its number of items."""
    program = program_of(PAUSES, tmp_path)
    result = optimized(program.flow, Settings(), program.widths)
    options = replace(options_of("step-functions"), containers=result.containers, widths=result.widths)
    found = {diagnostic.code: diagnostic.what for diagnostic in check(result.flow, options)}
    assert found == {"FLOW527": "`minutes_between_retries` of step `start` has no effect on this target"}
    machine, batch, *_ = emit(result.flow, result.scope, options)
    states = json.loads(machine.text)["States"]
    assert states["start each"]["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}
    body = states["start each"]["ItemProcessor"]["States"]["body"]
    assert body["Comment"] == "One container runs tasks of step body, for several items of a foreach"
    assert states["join"]["Comment"] == "One container runs 2 steps: join, end"
    jobs = {job["jobDefinitionName"].split("-")[-2]: job for job in json.loads(batch.text)}
    words = {name: job["containerProperties"]["command"] for name, job in jobs.items()}
    assert words["start"][-4:] == ["--containers", "16", "--report", "paths"]
    room = ["--cores", "1", "--memory", "4096"]
    assert words["body"][-6:] == ["--within", "body", *room] and words["join"][-6:] == ["--within", "join,end", *room]
    assert {name: job["retryStrategy"]["attempts"] for name, job in jobs.items()} == {"start": 3, "body": 2, "join": 1}
    assert {name for name, job in jobs.items() if "timeout" in job} == {"start"}
    assert not [finding for file in (machine, batch) for finding in validate(file.name, file.text)]


@pytest.mark.parametrize("named", ["split", "start"])
def test_a_map_may_be_named_by_the_step_with_the_foreach(named: str, tmp_path: Path) -> None:
    """The job that ends with the foreach is named for the first of its steps."""
    program = program_of(
        PAUSES.replace(
            "self.items = ", "self.next(self.split)\n\n    @step\n    def split(self):\n        self.items = "
        ).replace("    @timeout(hours=1)\n    @step", "    @step"),
        tmp_path,
    )
    result = optimized(program.flow, Settings(), program.widths)
    options = options_of("step-functions", map=f"{named}=distributed")
    options = replace(options, containers=result.containers, widths=result.widths)
    assert not [diagnostic for diagnostic in check(result.flow, options) if diagnostic.severity == "error"]
    states = json.loads(emit(result.flow, result.scope, options)[0].text)["States"]
    assert states["start each"]["ItemProcessor"]["ProcessorConfig"]["Mode"] == "DISTRIBUTED"


@pytest.mark.parametrize(("steps", "codes"), [(500, []), (1500, ["FLOW529"])])
def test_the_steps_of_a_job_fit_into_its_definition(steps: int, codes: list[str]) -> None:
    flow = sketched(" > ".join(["start", *(f"a_step_of_many_{number}" for number in range(steps))]))
    result = optimized(flow)
    options = replace(options_of("step-functions"), containers=result.containers)
    assert [diagnostic.code for diagnostic in check(result.flow, options)] == codes
    files = emit(result.flow, result.scope, options)
    assert bool([finding for file in files for finding in validate(file.name, file.text)]) == bool(codes)


def test_a_foreach_that_is_too_wide_for_the_wished_map_needs_containers(tmp_path: Path) -> None:
    flow = program_of(PAUSES, tmp_path)
    for mode, steps in (("auto", []), ("distributed", []), ("inline", ["start"])):
        options = replace(options_of("step-functions", map=mode), widths=flow.widths)
        assert [step for step, _ in needs_containers(flow.flow, options)] == steps
    assert not list(needs_containers(flow.flow, replace(options_of("step-functions", map="wrong"), widths=flow.widths)))


def test_the_table_of_jobs_may_grow_while_it_is_read() -> None:
    table = GrowingTable({f"{number}": number for number in range(5000)})

    def another_thread(phase: str, _: dict[str, int]) -> None:
        table[f"during a collection {len(table)}"] = 0

    gc.callbacks.append(another_thread)
    try:
        assert [key for key, _ in table.items()] and [(entry,) for entry in table.values()]
    finally:
        gc.callbacks.remove(another_thread)


@pytest.mark.slow
def test_an_unknown_case_fails(aws: Engine, tmp_path: Path) -> None:
    flow = program_of((Path(__file__).parents[2] / "flows" / "switch.py").read_text(), tmp_path).flow
    execution = aws.run(flow, emitted(flow), chosen={"start": "nowhere"})
    assert execution["status"] == "FAILED" and "start" in execution["cause"]


@pytest.mark.slow
def test_parameters_reach_the_first_job(aws: Engine, tmp_path: Path) -> None:
    flow = program_of((Path(__file__).parents[2] / "flows" / "parameters.py").read_text(), tmp_path).flow
    parameters = {"text": "'\"{{x}} $.y ${z} %s \\ \n é", "number": 3, "table": {"a": ["{}", None]}}
    assert aws.run(flow, emitted(flow), json.dumps(parameters))["status"] == "SUCCEEDED"
    assert json.loads(aws.jobs["start", "-"]["FLOWC_PARAMETERS"]) == parameters
    assert "FLOWC_PARAMETERS" not in aws.jobs["end", "-"]


PARAMETERS = """
from flowc import FlowSpec, IncludeFile, Parameter, step

class F(FlowSpec):
    text = Parameter("text", default="a")
    number = Parameter("number", type=int, required=True)
    ratio = Parameter("mean-ratio", type=float, default=0.5)
    flag = Parameter("flag", default=False)
    table = Parameter("table", type=JSONType, default="{}")
    rows = IncludeFile("rows")

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
NAMES = "`text`, `number`, `mean-ratio`, `flag`, `table`, `rows`"
GOOD = {"number": 3}


@pytest.fixture(scope="module")
def with_parameters(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    source = PARAMETERS.replace("Parameter, step", "JSONType, Parameter, step")
    return program_of(source, tmp_path_factory.mktemp("parameters")).flow


@pytest.mark.parametrize(
    ("parameters", "cause"),
    [
        ({**GOOD, "txet": 1}, f"there is no parameter `txet`: flow F has {NAMES}"),
        ({**GOOD, "a\"'`": None, "b": 2}, f"there is no parameter `a\"'``, `b`: flow F has {NAMES}"),
        (
            {"version": "0", "detail-type": "Object Created", "detail": {}},
            f"there is no parameter `version`, `detail-type`, `detail`: flow F has {NAMES}",
        ),
        ({}, "parameter `number` is required"),
        ({"number": None, "text": [1]}, "parameter `text` must be text; parameter `number` is required"),
        (
            {"number": 1.5, "mean-ratio": True},
            "parameter `number` must be a whole number; parameter `mean-ratio` must be a number",
        ),
        (
            {**GOOD, "flag": {}, "rows": 5},
            "parameter `flag` must be true or false; parameter `rows` must be a file, as text",
        ),
        ([GOOD], "the input must be an object of parameters"),
        ("number", "the input must be an object of parameters"),
        (
            {**GOOD, "text": '"' * 1900, "table": [1]},  # of each quote in it JSON within JSON makes four characters
            "the parameters have 7642 characters, and a Batch job can be given 7500: the longest is `text`, with 7604. "
            "Put large values into S3 and give their address, or use IncludeFile",
        ),
    ],
)
def test_an_invalid_input_fails_before_a_job_is_started(
    parameters: object, cause: str, aws: Engine, with_parameters: Flow
) -> None:
    execution = aws.run(with_parameters, emitted(with_parameters), json.dumps(parameters))
    assert (execution["status"], execution["error"], execution["cause"]) == ("FAILED", "Flowc.InvalidParameters", cause)
    assert not aws.started


FORMS = """
from flowc import FlowSpec, Parameter, step
from metaflow._vendor import click

class F(FlowSpec):
    size = Parameter("size", type=click.Choice(["s", "m"]), default="s")
    kind = Parameter("kind", type=click.Choice(["a"], case_sensitive=False))
    count = Parameter("count", type=click.IntRange(1, 3), default=2)
    depth = Parameter("depth", type=click.IntRange(max=3, clamp=True), default=2)
    names = Parameter("names", multiple=True)

    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""


@pytest.fixture(scope="module")
def with_forms(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    return program_of(FORMS, tmp_path_factory.mktemp("forms")).flow


@pytest.mark.parametrize(
    ("given", "cause"),
    [
        ({"size": "l"}, "parameter `size` must be one of `s`, `m`"),
        ({"size": 1}, "parameter `size` must be one of `s`, `m`"),
        ({"count": 0}, "parameter `count` must be at least 1"),
        ({"count": 4, "size": "x"}, "parameter `size` must be one of `s`, `m`; parameter `count` must be at most 3"),
    ],
)
def test_choices_and_ranges_are_checked_before_a_job_is_started(
    given: object, cause: str, aws: Engine, with_forms: Flow
) -> None:
    found = aws.run(with_forms, emitted(with_forms), json.dumps(given))
    assert (found["status"], found["error"], found["cause"]) == ("FAILED", "Flowc.InvalidParameters", cause)
    assert not aws.started


@pytest.mark.parametrize("given", [{}, {"size": "m", "kind": "A", "count": 3, "depth": 9, "names": ["a", "b"]}])
def test_values_of_every_form_reach_the_shim(given: object, aws: Engine, with_forms: Flow) -> None:
    assert aws.run(with_forms, emitted(with_forms), json.dumps(given))["status"] == "SUCCEEDED"


@pytest.mark.parametrize(
    "parameters",
    [
        GOOD,
        {"number": "3", "mean-ratio": 1, "text": 5, "flag": "yes", "table": None, "rows": "text:a"},
        {"number": 3.0, "text": True, "table": [[1, None]], "rows": {"text": "a"}, "flag": 1},
        {**GOOD, "text": "a" * (MAX_SIZE - len("{__number__:3,__text__:____}"))},
    ],
)
def test_what_the_shim_takes_reaches_it(parameters: dict[str, object], aws: Engine, with_parameters: Flow) -> None:
    assert aws.run(with_parameters, emitted(with_parameters), json.dumps(parameters))["status"] == "SUCCEEDED"
    assert json.loads(aws.jobs["start", "-"]["FLOWC_PARAMETERS"]) == parameters


def test_the_largest_parameters_fit_into_the_overrides_of_a_job() -> None:
    """Uses the longest names that an execution can have, and the variable that Step Functions adds."""
    machine, execution = "m" * 80, "e" * 80
    arn = f"arn:aws-us-gov:states:us-gov-west-1:123456789012:execution:{machine}:{execution}"
    variables = {
        "FLOWC_RUN": f"{machine}.{execution}", "FLOWC_OWNER": arn, "FLOWC_REQUEST": "1000", "FLOWC_PARAMETERS": "p" * MAX_SIZE,
        "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
    }  # fmt: skip
    overrides = {"environment": [{"name": name, "value": value} for name, value in variables.items()]}
    assert len(json.dumps(overrides)) <= OVERRIDES_SIZE


@pytest.mark.parametrize("file", sorted(GOLDEN.rglob("*.batch.json")), ids=lambda file: file.name)
def test_batch_takes_the_definitions(file: Path) -> None:
    """botocore's own model of RegisterJobDefinition; a Batch job definition has at most 24 KiB."""
    shape = Session().get_service_model("batch").operation_model("RegisterJobDefinition").input_shape
    for definition in json.loads(file.read_text()):
        assert not ParamValidator().validate(definition, shape).has_errors()
        assert len(json.dumps(definition)) < 24 * 1024


@pytest.mark.parametrize("file", sorted(GOLDEN.rglob("*.schedule.json")), ids=lambda file: file.name)
def test_eventbridge_takes_the_schedule(file: Path) -> None:
    shape = Session().get_service_model("scheduler").operation_model("CreateSchedule").input_shape
    schedule = json.loads(file.read_text())
    assert not ParamValidator().validate(schedule, shape).has_errors() and schedule["State"] == "ENABLED"
    assert not list(validate(file.name, file.read_text()))
    assert [finding.place for finding in validate(file.name, json.dumps({**schedule, "State": "PAUSED"}))] == ["State"]


@given(
    st.lists(
        st.text(st.sampled_from("abAB_é0f"), min_size=1, max_size=150).filter(str.isidentifier), unique=True, min_size=2
    ),
    st.text(min_size=1, max_size=120).filter(str.isidentifier),
)
def test_names_are_legal_and_never_collide(steps: list[str], flow: str) -> None:
    machine = machine_name(flow)
    states = [state_name(step, role) for step in steps for role in ("", *ROLES)]
    definitions = [name for step in steps for name in (job_name(machine, step), definition_name(machine, step, "{}"))]
    assert len(set(states)) == len(states) and len(set(definitions)) == len(definitions)
    assert (
        all(len(name) <= 80 for name in [*states, machine])
        and all(len(definition) <= 128 for definition in definitions)
        and len(schedule_name(machine)) <= 64
    )
    assert all(
        definition.isascii() and definition[0].isalnum() and all(one.isalnum() or one in "_-" for one in definition)
        for definition in definitions
    )


@pytest.mark.parametrize("text", hostile.TEXTS, ids=range(len(hostile.TEXTS)))
def test_hostile_texts_come_through(text: str, tmp_path: Path) -> None:
    program = program_of(hostile.flow(text), tmp_path)
    files = {file.name.partition(".")[2]: file for file in spec_of(program, "step-functions")}
    for file in files.values():
        assert not list(validate(file.name, file.text))
    assert json.loads(files["asl.json"].text)["Comment"] == (program.flow.doc or "Flow F")
    start = json.loads(files["batch.json"].text)[0]
    assert {variable["name"]: variable["value"] for variable in start["containerProperties"]["environment"]}[
        "A"
    ] == text
    schedule = json.loads(files["schedule.json"].text)
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (
        "cron(0 * * * ? *)",
        "Europe/Berlin",
    )


def test_a_store_outside_s3_is_refused(tmp_path: Path) -> None:
    flow = program_of((Path(__file__).parents[2] / "flows" / "linear.py").read_text(), tmp_path).flow
    assert [diagnostic.code for diagnostic in check(flow, options_of("step-functions", store="/shared"))] == ["FLOW520"]


FLOWS = Path(__file__).parents[2] / "flows"


def test_distributed_map(tmp_path: Path) -> None:
    """Only the outermost foreach is distributed: an inner one has the history of an item's execution to itself."""
    program = program_of((FLOWS / "nested_foreach.py").read_text(), tmp_path)
    files = spec_of(program, "step-functions", map="distributed")
    assert not [finding for file in files for finding in validate(file.name, file.text)]
    machine = json.loads(files[0].text)
    state = machine["States"]["start each"]
    assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    assert state["ItemReader"]["ReaderConfig"] == {"InputType": "JSON"}
    assert state["ResultWriter"]["Parameters"] == {"Bucket": "bucket", "Prefix": "flows/NestedForeach/map-results"}
    assert state["ResultPath"] is None and "ResultSelector" not in state
    assert state["MaxConcurrency"] == 100
    within = next(one for one in state["ItemProcessor"]["States"].values() if one["Type"] == "Map")
    assert within["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"} and within["MaxConcurrency"] == 40
    statements = {one["Sid"]: one for one in json.loads(files[2].text)["Statement"]}
    assert statements["StartItems"]["Action"] == "states:StartExecution"
    assert "s3:PutObject" in statements["WriteResultsOfMaps"]["Action"]
    assert statements["WriteResultsOfMaps"]["Resource"] == "arn:aws:s3:::bucket/flows/NestedForeach/map-results/*"
    variables = environments(files[1].text)
    assert "FLOWC_MAX_SPLITS" not in variables["start"]
    inner = next(step for step, one in variables.items() if "FLOWC_MAX_SPLITS" in one)
    assert "FLOWC_MAX_SPLITS_LEVELS" not in variables[inner]


def environments(batch: str) -> dict[str, dict[str, str]]:
    """The environment of each step's job definition."""
    return {
        definition["jobDefinitionName"].split("-")[-2]: {
            one["name"]: one["value"] for one in definition["containerProperties"]["environment"]
        }
        for definition in json.loads(batch)
    }


def test_an_inline_foreach_is_told_how_many_items_its_history_has_room_for(tmp_path: Path) -> None:
    """A body of one job takes eight of 20,000 events per item. The states around the foreach count too."""
    program = program_of((FLOWS / "foreach.py").read_text(), tmp_path)
    asl, batch, *_ = spec_of(program, "step-functions")
    start = environments(batch.text)["start"]
    assert (
        start["FLOWC_MAX_SPLITS"] == str((20_000 - 6 - 5 - 4 - 6 - 6) // 8) and "FLOWC_MAX_SPLITS_LEVELS" not in start
    )
    assert "--map start=distributed" in start["FLOWC_MAX_SPLITS_REASON"]
    assert json.loads(asl.text)["States"]["start each"]["MaxConcurrency"] == 40
    nested = environments(
        spec_of(program_of((FLOWS / "nested_foreach.py").read_text(), tmp_path), "step-functions")[1].text
    )
    told = {
        step: (int(one["FLOWC_MAX_SPLITS"]), one.get("FLOWC_MAX_SPLITS_LEVELS"))
        for step, one in nested.items()
        if "FLOWC_MAX_SPLITS" in one
    }
    assert [levels for _, levels in told.values()] == [None, "1"] and all(most < 1250 for most, _ in told.values())


@pytest.mark.parametrize(
    ("text", "modes"),
    [
        ("start=distributed", {"start": "DISTRIBUTED", "ys": "INLINE"}),
        ("distributed,start=inline", {"start": "INLINE", "ys": "INLINE"}),
        ("inline,INNER=distributed", {"start": "INLINE", "ys": "DISTRIBUTED"}),
    ],
)
def test_a_foreach_has_the_mode_that_is_given_for_its_step(text: str, modes: dict[str, str], tmp_path: Path) -> None:
    program = program_of((FLOWS / "nested_foreach.py").read_text(), tmp_path)
    inner = next(
        step.name for step in program.flow.steps if isinstance(step.transition, Foreach) and step.name != "start"
    )
    machine = json.loads(spec_of(program, "step-functions", map=text.replace("INNER", inner))[0].text)
    outer = machine["States"]["start each"]["ItemProcessor"]
    assert outer["ProcessorConfig"]["Mode"] == modes["start"]
    assert outer["States"][f"{inner} each"]["ItemProcessor"]["ProcessorConfig"]["Mode"] == modes["ys"]


@pytest.mark.parametrize("text", ["outline", "start=", "end=inline", "nowhere=inline", "", "inline,"])
def test_a_map_that_cannot_be_is_refused(text: str, tmp_path: Path) -> None:
    flow = program_of((FLOWS / "nested_foreach.py").read_text(), tmp_path).flow
    assert [diagnostic.code for diagnostic in check(flow, options_of("step-functions", map=text))] == ["FLOW522"]


WIDE = """
from flowc import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.xs = OUTER
        self.next(self.row, foreach="xs")

    @step
    def row(self):
        self.ys = INNER
        self.next(self.cell, foreach="ys")

    @step
    def cell(self):
        self.next(self.join_cells)

    @step
    def join_cells(self, inputs):
        self.next(self.join_rows)

    @step
    def join_rows(self, inputs):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
UNKNOWN = "open('list').readlines()"


def wide(outer: object, inner: object, folder: Path) -> Program:
    values = [str(width) if isinstance(width, str) else f"list(range({width}))" for width in (outer, inner)]
    return program_of(WIDE.replace("OUTER", values[0]).replace("INNER", values[1]), folder)


@pytest.mark.parametrize(
    ("outer", "inner", "options", "modes"),
    [
        (40, 10, {}, "II"),
        (41, 40, {}, "DI"),
        (41, 41, {}, "DI"),  # the inner ones run beside those of other items already
        (40, 41, {}, "ID"),
        (41, 40, {"max_workers": "40"}, "DI"),  # 1,640 cells are more than the history has room for
        (40, 20, {"max_workers": "0"}, "II"),
        (39, 39, {}, "DI"),  # the same: it is the outer one that gives both what they need
        (2, 5000, {"max_workers": "10"}, "DD"),  # more than the history of an item has room for, too
        (41, 3, {"max_workers": "40"}, "II"),
        (UNKNOWN, UNKNOWN, {}, "II"),
        (UNKNOWN, 100, {}, "ID"),
        (100, UNKNOWN, {}, "DI"),
        (100, 100, {"map": "inline,row=auto"}, "ID"),
        (100, 20, {"map": "inline,row=auto"}, "ID"),  # 2,000 cells
        (100, 100, {"map": "distributed"}, "DI"),
        (0, 0, {}, "II"),
    ],
)
def test_a_foreach_of_known_width_is_distributed_if_it_is_wide(
    outer: object, inner: object, options: dict[str, str], modes: str, tmp_path: Path
) -> None:  # fmt: skip
    program = wide(outer, inner, tmp_path)
    asl, batch, policy, *_ = spec_of(program, "step-functions", **options)
    rows = json.loads(asl.text)["States"]["start each"]
    cells = rows["ItemProcessor"]["States"]["row each"]
    assert [state["ItemProcessor"]["ProcessorConfig"]["Mode"][0] for state in (rows, cells)] == list(modes)
    told = environments(batch.text)
    assert ["FLOWC_MAX_SPLITS" not in told[step] for step in ("start", "row")] == [mode == "D" for mode in modes]
    assert ("StartItems" in policy.text) == ("D" in modes)
    for step, around in (("start", 1), ("row", outer if modes == "II" else 1)):
        width = dict(program.widths).get(step, 1)
        if "FLOWC_MAX_SPLITS" in told[step] and isinstance(around, int):
            assert width * around <= int(told[step]["FLOWC_MAX_SPLITS"])


@pytest.mark.parametrize(
    ("outer", "inner", "options", "messages"),
    [
        (40, 20, {}, []),
        (10_000, 10_000, {}, []),
        (40, 40, {"map": "inline"}, ["FLOW561 row 1600 items, 40 for each of 40 outer items"]),
        (3000, UNKNOWN, {"map": "inline"}, ["FLOW561 start 3000 items"]),
        (UNKNOWN, 3000, {"map": "inline"}, ["FLOW561 row 3000 items"]),
        (100, 3000, {"map": "distributed"}, ["FLOW561 row 3000 items"]),
        (50, 10, {"map": "inline"}, ["FLOW562 start 40 of its 50 items"]),
        (50, 10, {"map": "inline", "max_workers": "40"}, []),
        (50, 10, {"map": "inline", "max_workers": "45"}, ["FLOW562 start 40 of its 50 items at a time, not 45"]),
        (10, 60, {"map": "inline", "max_workers": "0"}, ["FLOW562 row 40 of its 60 items at a time, not 60"]),
        (10, 60, {"map": "distributed"}, []),
        (3000, 3000, {"map": "outline"}, ["FLOW522"]),
        (3000, 3000, {"map": "inline", "max_workers": "many"}, ["FLOW522"]),
    ],
)
def test_an_inline_foreach_that_is_known_to_be_too_wide_is_named(
    outer: object, inner: object, options: dict[str, str], messages: list[str], tmp_path: Path
) -> None:  # fmt: skip
    program = wide(outer, inner, tmp_path)
    diagnostics = list(check(program.flow, replace(options_of("step-functions", **options), widths=program.widths)))
    assert len(diagnostics) == len(messages)
    for diagnostic, words in zip(diagnostics, messages):
        code, _, rest = words.partition(" ")
        step, _, count = rest.partition(" ")
        assert diagnostic.code == code and step in diagnostic.what and count in diagnostic.what


def test_decorators(tmp_path: Path) -> None:
    source = """
from metaflow import FlowSpec, batch, catch, resources, retry, step, timeout

class F(FlowSpec):
    @retry(times=2)
    @catch(var="x")
    @timeout(minutes=2)
    @resources(cpu=2, memory=500)
    @batch(cpu=1, memory=8000, gpu=1, image="i:1", queue="q", shared_memory=64, execution_role="arn:aws:iam::123456789012:role/x", iam_role="arn:aws:iam::123456789012:role/y")
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    files = spec_of(program_of(source, tmp_path), "step-functions")
    start, end = json.loads(files[1].text)
    assert start["retryStrategy"] == {"attempts": 6, "evaluateOnExit": [{"onExitCode": "202", "action": "EXIT"}]}
    assert start["timeout"] == {"attemptDurationSeconds": 180}
    container = start["containerProperties"]
    assert {requirement["type"]: requirement["value"] for requirement in container["resourceRequirements"]} == {
        "VCPU": "2",
        "MEMORY": "8000",
        "GPU": "1",
    }
    assert (container["image"], container["jobRoleArn"], container["executionRoleArn"]) == (
        "i:1",
        "arn:aws:iam::123456789012:role/y",
        "arn:aws:iam::123456789012:role/x",
    )
    assert container["linuxParameters"] == {"sharedMemorySize": 64}
    assert json.loads(files[0].text)["States"]["start"]["Parameters"]["JobQueue"] == "q"
    assert end["retryStrategy"] == {"attempts": 1} and "timeout" not in end


@pytest.mark.parametrize("machine", ["Mid-x", "Mid--x", "Mid-", "-Mid", "_Mid", "Mid_", "M", "flow"])
def test_a_policy_covers_the_definitions_of_no_other_machine(machine: str) -> None:
    assert not definition_name(machine, "end", "{}").startswith(definition_prefix("Mid"))
    assert not definition_name("Mid", "end", "{}").startswith(definition_prefix(machine))


def test_a_definition_is_named_by_its_content(tmp_path: Path) -> None:
    """Registering a definition twice is harmless, and the machine's text changes with its jobs."""
    program = program_of((Path(__file__).parents[2] / "flows" / "foreach.py").read_text(), tmp_path)

    def names(**options: str) -> dict[str, str]:
        machine, batch, *_ = spec_of(program, "step-functions", **options)
        job_names = [definition["jobDefinitionName"] for definition in json.loads(batch.text)]
        assert all(f'"JobDefinition": "{name}"' in machine.text for name in job_names)
        assert '"JobName": "ForeachFlow-start"' in machine.text
        return {name.split("-")[-2]: name for name in job_names}

    before = names()
    assert names() == before and before["start"].startswith("ForeachFlow--start-")
    for other in ({"code": "sha256:2"}, {"image": "other:1"}):
        after = names(**other)
        assert after.keys() == before.keys() and not set(after.values()) & set(before.values())


def test_the_policy_names_the_account_of_the_queue(tmp_path: Path) -> None:
    program = program_of((Path(__file__).parents[2] / "flows" / "foreach.py").read_text(), tmp_path)
    queue = "arn:aws:batch:eu-west-1:123456789012:job-queue/ml"
    statements = json.loads(spec_of(program, "step-functions", map="distributed", job_queue=queue)[2].text)["Statement"]
    resources = {statement["Sid"]: statement["Resource"] for statement in statements}
    home = "eu-west-1:123456789012"
    assert resources["SubmitJobs"] == [f"arn:aws:batch:{home}:job-definition/ForeachFlow--*", queue]
    assert resources["EndJobs"] == f"arn:aws:batch:{home}:job/*"
    assert resources["FollowItems"] == [
        f"arn:aws:states:{home}:execution:ForeachFlow:*",
        f"arn:aws:states:{home}:execution:ForeachFlow/*:*",
    ]


def container_of(decorator: str, folder: Path) -> dict[str, Any]:
    """The container of a step with that decorator."""
    source = f"""
from metaflow import FlowSpec, batch, step

class F(FlowSpec):
    {decorator}
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    definition: dict[str, Any] = json.loads(spec_of(program_of(source, folder), "step-functions")[1].text)[0][
        "containerProperties"
    ]
    return definition


@pytest.mark.parametrize(
    ("arguments", "mounts"),
    [
        ("host_volumes=['/mnt/a:/data', '/b']", [("/mnt/a", "/data"), ("/b", "/b")]),
        ("host_volumes='/a:/b'", [("/a", "/b")]),
        ("efs_volumes=['fs-1:/data', 'fs-2']", [("fs-1", "/data"), ("fs-2", "/mnt/fs-2")]),
        ("efs_volumes='fs-1'", [("fs-1", "/mnt/fs-1")]),
        ("efs_volumes={'fs-1': '/data', 'fs-2': None}", [("fs-1", "/data"), ("fs-2", "/mnt/fs-2")]),
    ],
)
def test_volumes_are_where_they_are_asked_for(arguments: str, mounts: list[tuple[str, str]], tmp_path: Path) -> None:
    container = container_of(f"@batch({arguments})", tmp_path)
    sources = {
        volume["name"]: (volume.get("host") or {}).get("sourcePath") or volume["efsVolumeConfiguration"]["fileSystemId"]
        for volume in container["volumes"]
    }
    assert [(sources[mount["sourceVolume"]], mount["containerPath"]) for mount in container["mountPoints"]] == mounts


def test_a_container_has_its_log_options_and_a_tmpfs_that_programs_can_run_from(tmp_path: Path) -> None:
    assert container_of("@batch(log_options=['awslogs-group:g'])", tmp_path)["logConfiguration"] == {
        "logDriver": "awslogs", "options": {"awslogs-group": "g"}
    }  # fmt: skip
    tmpfs = container_of("@batch(use_tmpfs=True, tmpfs_size=64)", tmp_path)["linuxParameters"]["tmpfs"]
    assert tmpfs == [{"containerPath": "/metaflow_temp", "size": 64, "mountOptions": ["defaults"]}]


def test_the_name_of_a_role_is_refused(tmp_path: Path) -> None:
    flow = program_of((FLOWS / "linear.py").read_text(), tmp_path).flow
    wrong = options_of("step-functions", job_role="trainer", execution_role="arn:aws:iam::123456789012:user/me")
    assert [diagnostic.code for diagnostic in check(flow, wrong)] == ["FLOW525", "FLOW525"]
    text = spec_of(
        program_of((FLOWS / "linear.py").read_text(), tmp_path),
        "step-functions",
        job_role="arn:aws:iam::123456789012:role/x",
    )[1].text
    assert not list(validate("x.batch.json", text))
    findings = list(validate("x.batch.json", text.replace("arn:aws:iam::123456789012:role/x", "trainer")))
    assert findings and all("must be the ARN of a role" in finding.message for finding in findings)


def test_batch_makes_as_many_attempts_as_can_be_asked_for(tmp_path: Path) -> None:
    """Checks `@retry` with the most retries, below `@catch`."""
    source = """
from metaflow import FlowSpec, catch, retry, step

class F(FlowSpec):
    @catch(var="x")
    @retry(times=4)
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    assert (
        json.loads(spec_of(program_of(source, tmp_path), "step-functions")[1].text)[0]["retryStrategy"]["attempts"]
        <= MAX_ATTEMPTS
    )
    with pytest.raises(Refused):
        program_of(source.replace("4", "5"), tmp_path)


BROKEN = [
    ('"StartAt": "declared parameters"', '"StartAt": "run"', "run"),
    ('"Next": "start items"', '"Next": "starts"', "starts"),
    ('"Type": "Map"', '"Type": "Mop"', "Mop"),
    ('"ItemsPath": "$.items.paths"', '"ItemsPath": "items"', "ItemsPath"),
    ('"ResultPath": null', '"ResultPth": null', "ResultPth"),
    ("States.Format(", "States.Formt(", "Formt"),
    ('"End": true', '"End": false', ""),
    ("{", "[", "JSON"),
]


@pytest.mark.parametrize(("good", "bad", "message"), BROKEN, ids=[case[1] for case in BROKEN])
def test_mistakes_are_found(good: str, bad: str, message: str) -> None:
    text = (GOLDEN / "foreach" / "ForeachFlow.asl.json").read_text()
    assert good in text
    findings = list(validate("x.asl.json", text.replace(good, bad, 1)))
    assert any(message in finding.place + finding.message for finding in findings), findings


def test_loops_and_switches_are_in_the_random_flows() -> None:
    """Checks that the strategy draws the cases of the tests above."""
    from hypothesis import find

    find(flows(), lambda flow: any(map(is_loop, flow.steps)))
    find(flows(), lambda flow: any(isinstance(step.transition, Switch) and not is_loop(step) for step in flow.steps))
