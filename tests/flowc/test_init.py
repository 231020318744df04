"""`flowc init`: what it writes works at once, and nothing of the user's is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.running import flowc

TARGETS = ("argo", "step-functions", "airflow")


@pytest.mark.parametrize("target", TARGETS)
def test_the_project_passes_its_own_workflow(target: str, tmp_path: Path) -> None:
    """Every command of the workflow that needs no credentials does what it should."""
    flowc("init", "forecasts", "--target", target, "--store", "s3://models/flowc", cwd=tmp_path, check=True)
    project = tmp_path / "forecasts"
    workflow = yaml.safe_load((project / ".github/workflows/flowc.yml").read_text())
    commands = [
        step["run"].split()[1:]
        for step in workflow["jobs"]["check"]["steps"]
        if step.get("run", "").startswith("flowc ")
    ]
    assert [words[0] for words in commands] == ["check", "run", "compile"]
    for words in commands:
        done = flowc(*words, cwd=project)
        assert done.returncode == 0 and "warning" not in done.stdout + done.stderr, done.stdout + done.stderr
        if words[0] == "run":
            assert "the total is 5050" in done.stdout
    (step,) = [step for step in workflow["jobs"]["deploy"]["steps"] if "flowc deploy" in step.get("run", "")]
    assert step["run"] == "flowc deploy forecasts.py --on prod --yes" and step["env"] == {"FLOWC_APPROVE": "prod"}
    assert workflow[True]["push"] == {"branches": ["main"]}, "YAML 1.1 reads `on` as true"
    refused = flowc("deploy", "forecasts.py", "--on", "prod", "--yes", cwd=project)
    assert refused.returncode in (1, 2) and "Traceback" not in refused.stderr


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'mine'\n")
    (tmp_path / ".gitignore").write_text("mine\n")
    done = flowc("init", "--flow", "TrainModel", "--ci", "none", cwd=tmp_path, check=True)
    assert (tmp_path / "pyproject.toml").read_text() == "[project]\nname = 'mine'\n"
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    assert "pyproject.toml exists, and is left as it is" in done.stdout
    assert "[tool.flowc.contexts.prod]" in done.stdout, "the settings are shown, to be copied"
    assert (tmp_path / "train_model.py").exists() and not (tmp_path / ".github").exists()
    before = (tmp_path / "train_model.py").read_text()
    flowc("init", "--flow", "TrainModel", "--ci", "none", cwd=tmp_path, check=True)
    assert (tmp_path / "train_model.py").read_text() == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--flow", "class"), "`class` cannot be the name of a class"),
        (("--flow", "1st"), "cannot be the name of a class"),
        (("--target", "argoo"), "the targets are"),
        (("a", "b"), "unexpected argument `b`"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], message: str, tmp_path: Path) -> None:
    done = flowc("init", *words, cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "file", "flow"),
    [
        ("my-forecasts", "my_forecasts.py", "MyForecasts"),
        ("2024", "flow2024.py", "Flow2024"),
        ("flowc", "flowc_flow.py", "Flowc"),
    ],
)
def test_names(folder: str, file: str, flow: str, tmp_path: Path) -> None:
    flowc("init", folder, cwd=tmp_path, check=True)
    assert f"class {flow}(FlowSpec)" in (tmp_path / folder / file).read_text()
    assert flowc("check", file, cwd=tmp_path / folder).returncode == 0


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = flowc("init", "file", cwd=tmp_path)
    assert done.returncode == 1 and "cannot be written" in done.stderr
