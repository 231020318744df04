"""Packages that images must contain: one warning for all steps, if an image is named or `--environments none` is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.running import flowc

STEP = """
    @{decorator}(packages={{"numpy": "2"}})
    @step
    def {name}(self):
        {after}
"""


def flow(folder: Path, *decorators: str) -> str:
    """Writes a flow whose steps have these decorators."""
    names = ["start", *(f"step_{number}" for number in range(1, len(decorators) - 1)), "end"]
    steps = "".join(
        STEP.format(decorator=decorator, name=name, after=f"self.next(self.{after})" if after else "pass")
        for decorator, name, after in zip(decorators, names, [*names[1:], ""])
    )
    file = folder / "flow.py"
    file.write_text(f"from metaflow import FlowSpec, conda, pypi, step\n\n\nclass F(FlowSpec):\n{steps}")
    return str(file)


@pytest.mark.parametrize(
    ("decorators", "said"),
    [
        (["conda", "conda"], "for `@conda` of steps `start` and `end`: the images must contain them"),
        (["conda", "pypi", "conda"], "for `@conda` and `@pypi` of steps `start`, `step_1` and `end`: the images"),
        (["pypi"] * 5, "for `@pypi` of steps `start`, `step_1` and 3 more: the images must contain them"),
    ],
)
def test_one_warning_for_all(decorators: list[str], said: str, tmp_path: Path) -> None:
    options = ("-t", "argo,airflow", "--store", "s3://b/x", "--environments", "none")
    done = flowc("check", flow(tmp_path, *decorators), *options)
    assert done.returncode == 0 and done.stderr.count("warning[") == 1, done.stderr
    assert f"warning[FLOW501]: targets `argo` and `airflow` cannot install packages {said}" in done.stderr


def test_without_an_image_it_is_an_error(tmp_path: Path) -> None:
    done = flowc("check", flow(tmp_path, "conda", "conda"), "-t", "argo", "--store", "s3://b/x")
    assert done.returncode == 1 and done.stderr.count("error[") == done.stderr.count("error[FLOW160]") == 1
