"""The names that flows import from `metaflow` and `flowc`, and the messages for those that flowc lacks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running import flowc

NAMES = {
    "metaflow": """
        FlowSpec step current Parameter JSONType JSONTypeClass retry catch timeout resources kubernetes batch environment project schedule Flow Run
        Task Step namespace Metaflow DataArtifact IncludeFile Config config_expr ConfigValue conda conda_base pypi pypi_base card cards secrets trigger
        trigger_on_finish exit_hook parallel pytorch_parallel user_step_decorator UserStepDecorator USER_SKIP_STEP FlowMutator StepMutator S3 Runner
        Deployer DeployedFlow NBRunner NBDeployer get_namespace default_namespace metadata get_metadata default_metadata inspect_spin
        namespaced_event_name package_sources yaml_parser requirements_txt_parser pyproject_toml_parser conda_environment_yml_parser parallel_map
        parallel_imap_unordered profile airflow_s3_key_sensor airflow_external_task_sensor
    """,
    "metaflow.exception": """
        MetaflowException MetaflowNotFound MetaflowNamespaceMismatch MetaflowInvalidPathspec MetaflowInternalError MetaflowTaggingError
        MetaflowDataMissing MissingInMergeArtifactsException UnhandledInMergeArtifactsException ParameterFieldFailed ParameterFieldTypeMismatch
        ExternalCommandFailed InvalidDecoratorAttribute CommandException MetaflowUnknownUser MetaflowExceptionWrapper
    """,
    "metaflow.cards": """
        get_cards MetaflowCard MetaflowCardComponent Artifact Table Image Error Markdown VegaChart ProgressBar ValueBox PythonCode EventsTimeline
        JSONViewer YAMLViewer DefaultCard PageComponent ErrorCard BlankCard
    """,
    "metaflow.integrations": "ArgoEvent",
    "metaflow.client": "Flow Run Step Task DataArtifact Metaflow namespace",
    "metaflow.unbounded_foreach": "UnboundedForeachInput",
    "metaflow.flowspec": "FlowSpec InvalidNextException",
    "metaflow.parameters": "Parameter JSONType",
    "metaflow.datatools": "S3 MetaflowS3Exception s3",
    "metaflow.datatools.s3": """
        S3 S3Object S3GetObject S3PutObject RangeInfo MetaflowS3AccessDenied MetaflowS3Exception MetaflowS3InvalidObject MetaflowS3InvalidRange
        MetaflowS3NotFound MetaflowS3URLException
    """,
    "metaflow.plugins.datatools": "S3 MetaflowS3Exception s3",
    "metaflow.plugins.datatools.s3": "S3GetObject S3PutObject",
}


def python(text: str) -> subprocess.CompletedProcess[str]:
    start = "from flowc.runtime_shim.api import metaflow_alias\nmetaflow_alias.install()\n"
    return subprocess.run([sys.executable, "-c", start + text], capture_output=True, text=True)


def test_the_documented_names_can_be_imported() -> None:
    lines = [f"from {module} import {', '.join(names.split())}" for module, names in NAMES.items()]
    done = python("\n".join(lines))
    assert done.returncode == 0, done.stderr


def test_flowc_has_the_same() -> None:
    names = [
        name for name in NAMES["metaflow"].split() if name in python("import flowc; print(sorted(flowc.API))").stdout
    ]
    assert len(names) > 40
    done = python(f"import flowc\nfor name in {names}: getattr(flowc, name)")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import metaflow.no_such_module", "not part of Metaflow's documented API"),
        ("from metaflow.metaflow_config import NO_SUCH_SETTING", "NO_SUCH_SETTING is not part of Metaflow"),
        (
            "from metaflow.plugins.aws import batch; batch.run",
            "does not support Metaflow's `metaflow.plugins.aws.batch`",
        ),
        (
            "from metaflow.util import get_username; get_username()",
            "does not support Metaflow's `metaflow.util.get_username`",
        ),
        ("import metaflow; metaflow.no_such_name", "none of its internals"),
        ("import metaflow; metaflow.slurm", "to an extension"),
    ],
)
def test_what_is_not_there_says_why(text: str, message: str) -> None:
    done = python(text)
    assert done.returncode == 1 and message in done.stderr, done.stderr


def test_parallel_map() -> None:
    done = python(
        "from metaflow import parallel_map, parallel_imap_unordered\nk = 2\n"
        "assert parallel_map(lambda x: x * k, range(7), max_parallel=3) == [0, 2, 4, 6, 8, 10, 12]\n"
        "assert sorted(parallel_imap_unordered(str, [1, 2], dir='/tmp')) == ['1', '2']\n"
        "assert parallel_map(bytes, [3_000_000]) == [bytes(3_000_000)]\n"
        "try:\n    parallel_map(lambda x: 1 / x, [0])\nexcept Exception as error:\n    print(type(error).__name__, error)\n"
    )
    assert done.returncode == 0 and done.stdout.strip() == "MulticoreException Child failed", done.stderr


def test_event_names() -> None:
    done = python(
        "from metaflow import current, namespaced_event_name\nname = namespaced_event_name('ready')\nprint(name())\n"
        "current._set(project_name='p', branch_name='user.me')\nprint(name())\n"
        "from metaflow.integrations import ArgoEvent\nprint(ArgoEvent(name).add_to_payload('a', 1).payload)\n"
        "print(ArgoEvent('x').safe_publish())\nprint(ArgoEvent('x').publish())\n"
    )
    assert done.stdout.split("\n")[:5] == ["mfns.ready", "mfns.p.user.me.ready", "{'a': '1'}", "None", "None"], (
        done.stderr
    )
    assert "the webhook's URL is unknown" in done.stderr


def test_deploying_from_python_says_what_to_do_instead() -> None:
    for module in ("flowc", "metaflow"):
        done = python(f"from {module} import Deployer, NBDeployer\nDeployer('flow.py')")
        assert "flowc does not support Metaflow's `Deployer` yet: `flowc compile FLOW.py --target " in done.stderr


def test_spin_says_what_to_do_instead(tmp_path: Path) -> None:
    done = flowc("spin", "flow.py", "train")
    assert (
        done.returncode == 2
        and "flowc has no command `spin`; `flowc resume FLOW.py STEP` runs a step again" in done.stderr
    )


def test_names_of_internals_can_be_imported() -> None:
    text = "from metaflow.util import get_username; from metaflow.plugins.aws import batch; import metaflow.plugins.aws.batch.batch"
    assert python(text).returncode == 0
    assert (
        python("from metaflow.client.core import Run; from metaflow import Run as same; assert Run is same").returncode
        == 0
    )


@pytest.mark.parametrize(
    ("name", "variables", "value"),
    [
        ("DATATOOLS_S3ROOT", {"METAFLOW_DATATOOLS_S3ROOT": "s3://b/own"}, "'s3://b/own'"),
        ("DATATOOLS_S3ROOT", {"METAFLOW_DATASTORE_SYSROOT_S3": "s3://b/p"}, "'s3://b/p/data'"),
        ("DATATOOLS_S3ROOT", {"FLOWC_STORE": "s3://b/flowc"}, "'s3://b/flowc/data'"),
        ("DATATOOLS_S3ROOT", {}, "None"), ("S3_RETRY_COUNT", {"METAFLOW_S3_RETRY_COUNT": "2"}, "2"),
        ("SERVICE_URL", {"METAFLOW_PROFILE": "mine"}, "'http://mine'"), ("SERVICE_URL", {}, "'http://all'"),
        ("SERVICE_URL", {"METAFLOW_PROFILE": "broken"}, "None"),
    ],
)  # fmt: skip
def test_settings_of_metaflow(
    name: str, variables: dict[str, str], value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text('{"METAFLOW_SERVICE_URL": "http://all"}')
    (tmp_path / "config_mine.json").write_text('{"METAFLOW_SERVICE_URL": "http://mine"}')
    (tmp_path / "config_broken.json").write_text("[")
    for variable, text in {"METAFLOW_HOME": str(tmp_path), **variables}.items():
        monkeypatch.setenv(variable, text)
    done = python(f"from metaflow.metaflow_config import {name}; print(repr({name}))")
    assert done.stdout.strip() == value, done.stderr
