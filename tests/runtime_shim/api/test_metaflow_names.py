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
    "metaflow.util": """
        get_username resolve_identity to_unicode to_bytes is_stringish which cached_property to_camelcase to_pascalcase TempDir unicode_type
        compress_list decompress_list get_latest_run_id write_latest_run_id dict_to_cli_options
    """,
    "metaflow.profilers": "gpu_profile",
    "metaflow._vendor": "click",
    "metaflow._vendor.click": "Choice Path File IntRange FloatRange DateTime Tuple ParamType BadParameter UsageError STRING INT BOOL echo secho style",
    "metaflow.metaflow_config_funcs": "from_conf config_values init_config",
    "metaflow.plugins.aws.aws_client": "get_aws_client",
    "metaflow.plugins.parsers": "yaml_parser",
    "metaflow.plugins": "ResourcesDecorator BatchDecorator RetryDecorator",
    "metaflow.plugins.parallel_decorator": "UBF_CONTROL",
    "metaflow.plugins.kubernetes.kubernetes_decorator": "KubernetesDecorator",
    "metaflow.plugins.aws.batch.batch_decorator": "BatchDecorator",
    "metaflow.plugins.aws.step_functions.step_functions": "StepFunctions",
    "metaflow.plugins.argo.argo_workflows": "ArgoWorkflows",
    "metaflow.plugins.argo.argo_events": "ArgoEvent ArgoEventException",
    "metaflow.plugins.secrets.secrets_decorator": "SecretSpec",
    "metaflow.plugins.cards.card_modules.components": "Markdown Table with_default_component_id",
    "metaflow.plugins.datatools.local": "Local",
    "metaflow.client.core": "Flow Run Task get_metadata MetaflowObject",
    "metaflow.runner.utils": "get_current_cell handle_timeout",
    "metaflow.runner.click_api": "MetaflowAPI",
    "metaflow.runner.deployer": "Deployer DeployedFlow TriggeredRun",
    "metaflow.runner.subprocess_manager": "CommandManager SubprocessManager",
    "metaflow.runner.metaflow_runner": "Runner ExecutingRun",
    "metaflow.metaflow_current": "current Current",
    "metaflow.current": "current",
    "metaflow.decorators": "StepDecorator FlowDecorator step",
    "metaflow.includefile": "IncludeFile FilePathClass",
    "metaflow.graph": "FlowGraph",
    "metaflow.metaflow_version": "get_version",
    "metaflow.metadata_provider": "MetaDatum",
    "metaflow.datastore": "FlowDataStore",
    "metaflow.tagging_util": "validate_tags",
    "metaflow.debug": "debug",
    "metaflow.metaflow_environment": "MetaflowEnvironment InvalidEnvironmentException",
    "metaflow.mflog": "BASH_SAVE_LOGS",
    "metaflow.cli": "start",
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


def test_what_is_vendored_is_the_installed_package() -> None:
    done = python(
        "from metaflow._vendor import click, yaml\nimport metaflow._vendor.click.types as types\nimport click as installed\n"
        "assert click is installed and types is installed.types and yaml.__name__ == 'yaml' and click.__spec__.name == 'click'"
    )
    assert done.returncode == 0, done.stderr


def test_click_is_there_without_click() -> None:
    done = python(
        """
import sys

sys.meta_path.insert(0, type("Without", (), {"find_spec": staticmethod(lambda name, path=None, target=None: _refuse(name))}))

def _refuse(name):
    if name.partition(".")[0] in ("click", "yaml"):
        raise ModuleNotFoundError(name, name=name.partition(".")[0])

from metaflow._vendor import click

assert click.Choice(["a", "B"], case_sensitive=False)("b") == "B"
assert click.IntRange(1, 3)("2") == 2 and click.FloatRange(max=1, clamp=True)("4") == 1
assert click.BOOL("yes") is True and click.INT("7") == 7 and click.Tuple([str, int])(["a", "1"]) == ("a", 1)
assert click.DateTime()("2024-01-02").day == 2 and click.Path()("x") == "x"
for kind, text in ((click.Choice(["a"]), "b"), (click.IntRange(max=1), "2"), (click.INT, "x"), (click.DateTime(), "soon")):
    try:
        kind(text)
    except click.BadParameter as error:
        click.secho(error.format_message(), fg="red")
    else:
        raise AssertionError(text)
try:
    from metaflow._vendor import yaml
except ImportError as error:
    assert "install" in str(error), error
else:
    raise AssertionError
"""
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 4


def test_helpers_of_util() -> None:
    done = python(
        """
import os
from metaflow.util import *
from metaflow.util import TempDir, cached_property, get_username, resolve_identity, to_bytes, to_camelcase, to_pascalcase, to_unicode, url_quote

os.environ.update(METAFLOW_USER="ada")
assert get_username() == "ada" and resolve_identity() == "user:ada"
os.environ["METAFLOW_USER"] = "root"
os.environ.update(SUDO_USER="root", USERNAME="bo")
assert get_username() == "bo"
assert to_unicode(b"x") == "x" and to_bytes("é") == "é".encode() and to_bytes(1.5) == b"1.5" and url_quote("a b") == b"a%20b"
assert to_camelcase({"a_b": [{"c_d": 1}]}) == {"aB": [{"cD": 1}]} and to_pascalcase({"ab": 1}) == {"Ab": 1}
with TempDir() as folder:
    assert os.path.isdir(folder)
assert not os.path.exists(folder)

class Once:
    calls = 0

    @cached_property
    def value(self):
        Once.calls += 1
        return None

once = Once()
assert once.value is once.value is None and Once.calls == 1
"""
    )
    assert done.returncode == 0, done.stderr


def test_settings_by_name(tmp_path: Path) -> None:
    (tmp_path / "config_team.json").write_text(
        '{"METAFLOW_OWN_LIMIT": "3", "METAFLOW_OWN_TABLE": "{\\"a\\": 1}", "METAFLOW_CARD_SUFFIX": "c"}'
    )
    done = python(
        f"""
import os

os.environ.update(METAFLOW_HOME={str(tmp_path)!r}, METAFLOW_PROFILE="team", METAFLOW_OWN_FLAG="True")
from metaflow.metaflow_config_funcs import config_values, from_conf

assert from_conf("OWN_LIMIT", 5) == 3 and from_conf("OWN_TABLE", {{}}) == {{"a": 1}} and from_conf("OWN_FLAG", False) is True
assert from_conf("NO_SUCH", "d") == "d" and dict(config_values())["METAFLOW_CARD_SUFFIX"] == "c"
"""
    )
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
            "from metaflow.util import get_latest_run_id; get_latest_run_id(print, 'F')",
            "does not support Metaflow's `metaflow.util.get_latest_run_id`",
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


def test_deploying_from_python() -> None:
    for module in ("flowc", "metaflow"):
        done = python(f"from {module} import Deployer, NBDeployer\nassert Deployer('flow.py')\nNBDeployer(object)")
        assert "NBDeployer works only in a notebook, such as Jupyter; elsewhere, use Deployer with" in done.stderr


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
