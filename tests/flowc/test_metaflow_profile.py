"""Profiles of Metaflow's: their settings reach the flow, its tasks and flowc, as variables of the environment do."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.running import artifacts, flowc

FLOW = """
import os

from metaflow import FlowSpec, Parameter, step
from metaflow.metaflow_config import DATATOOLS_S3ROOT, KUBERNETES_NAMESPACE


class Settings(FlowSpec):
    root = Parameter("root", default=DATATOOLS_S3ROOT + "/mine")

    @step
    def start(self):
        self.namespace, self.user = KUBERNETES_NAMESPACE, os.environ["METAFLOW_USER"]
        self.other = os.environ.get("OTHER")
        self.next(self.end)

    @step
    def end(self):
        pass
"""


def test_a_run_has_the_settings_of_the_profile(tmp_path: Path) -> None:
    flow, home = tmp_path / "settings.py", tmp_path / "home"
    flow.write_text(FLOW)
    home.mkdir()
    shared = {"METAFLOW_DATATOOLS_S3ROOT": "s3://b/data", "METAFLOW_KUBERNETES_NAMESPACE": "jobs", "OTHER": "x"}
    (home / "config.json").write_text(json.dumps({**shared, "METAFLOW_USER": "ada"}))
    (home / "config_team.json").write_text(json.dumps({**shared, "METAFLOW_USER": "team"}))
    for store, profile, user in (("plain", "", "ada"), ("team", "team", "team")):
        env = {"METAFLOW_HOME": str(home), "METAFLOW_PROFILE": profile, "METAFLOW_KUBERNETES_NAMESPACE": "mine"}
        words = ["run", str(flow), "--store", str(tmp_path / store), "--run-id", "r"]
        flowc(*words, env=env, check=True)
        left = artifacts(tmp_path / store, "start")
        assert left == {"namespace": "'mine'", "user": repr(user), "root": "'s3://b/data/mine'", "other": "None"}


def test_a_missing_profile_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(FLOW)
    env = {"METAFLOW_HOME": str(tmp_path), "METAFLOW_PROFILE": "absent"}
    done = flowc("run", str(tmp_path / "settings.py"), env=env)
    assert done.returncode == 1
    assert f"METAFLOW_PROFILE is `absent`, but there is no file {tmp_path / 'config_absent.json'}" in done.stderr


def test_compiling_reads_no_profile(tmp_path: Path) -> None:
    (tmp_path / "settings.py").write_text(FLOW)
    (tmp_path / "config.json").write_text(json.dumps({"METAFLOW_DATATOOLS_S3ROOT": "s3://b/data"}))
    words = ["check", str(tmp_path / "settings.py"), "--target", "argo"]
    done = flowc(*words, env={"METAFLOW_HOME": str(tmp_path)})
    assert done.returncode == 1 and "FLOW120" in done.stderr


def test_compiling_lists_the_settings_that_tasks_need(tmp_path: Path) -> None:
    flow = tmp_path / "reads.py"
    flow.write_text(
        """
from metaflow import FlowSpec, metaflow_config, step
from metaflow.metaflow_config import DATATOOLS_S3ROOT, DEFAULT_DATASTORE, SERVICE_HEADERS


class Reads(FlowSpec):
    @step
    def start(self):
        self.said = [DATATOOLS_S3ROOT, DEFAULT_DATASTORE, SERVICE_HEADERS, metaflow_config.UI_URL]
        self.next(self.end)

    @step
    def end(self):
        pass
"""
    )
    words = ["compile", str(flow), "--target", "argo", "-o", str(tmp_path / "build")]
    s3 = flowc(*words, "--store", "s3://b/x", check=True).stdout
    assert (
        "  tasks must find Metaflow's settings in their environment: METAFLOW_SERVICE_HEADERS, METAFLOW_UI_URL\n" in s3
    )
    azure = flowc(*words, "--store", "az://b/x", check=True).stdout
    assert "environment: METAFLOW_DATATOOLS_S3ROOT, METAFLOW_SERVICE_HEADERS, METAFLOW_UI_URL\n" in azure
    flow.write_text(flow.read_text().replace(", metaflow_config.UI_URL", "").replace(", SERVICE_HEADERS", ""))
    assert "settings" not in flowc(*words, "--store", "s3://b/x", check=True).stdout
