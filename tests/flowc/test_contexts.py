"""Contexts in pyproject.toml: their mistakes, and that a compile takes its options from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import flowc

FLOW = """from metaflow import FlowSpec, step

class F(FlowSpec):
    @step
    def start(self):
        self.next(self.end)

    @step
    def end(self):
        pass
"""
PROD = """[tool.flowc]
store = "s3://other"

[tool.flowc.contexts.prod]
target = "argo"
store = "s3://models/flowc"
namespace = "ml"
max-workers = 7
"""


def project(folder: Path, settings: str) -> Path:
    (folder / "flow.py").write_text(FLOW)
    (folder / "pyproject.toml").write_text(settings)
    return folder


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('contexts = ["prod"]', "has `contexts` that are not tables"),
        ('contexts.prod = "argo"', "has a context `prod` that is not a table"),
        ("contexts.prod = {}", "has a context `prod` without a target"),
        ('contexts.prod = {target = "argus"}', "has an unknown target"),
        ('contexts.prod = {target = ["argo"]}', "has an unknown target"),
        ('contexts.prod = {target = "argo", stroe = "s3://b"}', "did you mean `store`?"),
        ('contexts.prod = {target = "argo", protected = "yes"}', "has a `protected` that is neither true nor false"),
        ('contexts.prod = {target = "argo", store = ["s3://b"]}', "has a `store` that is neither text nor a number"),
        ('contexts.prod = {target = "argo", kustomize = "maybe"}', "has an invalid `kustomize`: `maybe`"),
        ('contexts.prod = {target = "argo", production = true, branch = "b"}', "has `production` and `branch`"),
        ('contexts = {a = {target = "argo", default = true}, b = {target = "argo", default = true}}', "two default"),
    ],
)
def test_mistakes(tmp_path: Path, line: str, message: str) -> None:
    done = flowc("check", "flow.py", cwd=project(tmp_path, f"[tool.flowc]\n{line}\n"))
    assert done.returncode == 1 and "FLOW604" in done.stderr and message in done.stderr, done.stderr


def test_a_compile_on_a_context(tmp_path: Path) -> None:
    """The command line comes first, then the context, then the project."""
    project(tmp_path, PROD)
    on_context = flowc("compile", "flow.py", "--on", "prod", "-o", "-", cwd=tmp_path, check=True).stdout
    assert (
        'value: "s3://models/flowc"' in on_context and "parallelism: 7" in on_context and "namespace: ml" in on_context
    )
    plain = flowc("compile", "flow.py", "-t", "argo", "-o", "-", cwd=tmp_path, check=True).stdout
    assert 'value: "s3://other"' in plain and "parallelism: 100" in plain
    words = ("compile", "flow.py", "--on", "prod", "-t", "argo", "--max-workers", "9", "-o", "-")
    assert "parallelism: 9" in flowc(*words, cwd=tmp_path, check=True).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("compile", "flow.py", "--on", "prd"), "did you mean `prod`?"),
        (("compile", "flow.py", "--on", "prod", "-t", "airflow"), "is for target argo"),
        (("deploy", "flow.py", "--on", "prd"), "did you mean `prod`?"),
        (("deploy", "flow.py"), "give `--on CONTEXT`; the contexts are prod"),
        (("status", "run"), "give `--on CONTEXT`; the contexts are prod"),
        (("trigger", "--on", "prod"), "the deployment's name comes first"),
        (("plan", "flow.py", "-t", "argo,airflow"), "a deployment is for one target"),
    ],
)
def test_wrong_usage(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    done = flowc(*words, cwd=project(tmp_path, PROD))
    assert done.returncode == 2 and message in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("setting", "message"),
    [('git-branch = "main"', "deploys from branch `main`, and no branch is checked out"),
     ("clean = true", "the flow is in no repository of git")],
)  # fmt: skip
def test_what_a_context_demands_of_git(tmp_path: Path, setting: str, message: str) -> None:
    done = flowc("deploy", "flow.py", "--on", "prod", cwd=project(tmp_path, PROD + setting + "\n"))
    assert done.returncode == 1 and message in done.stderr, done.stderr
