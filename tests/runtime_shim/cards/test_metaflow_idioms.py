"""Cards as Metaflow's own test flows use and check them: the same files, with flowc and with Metaflow."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.differential.harness import metaflow_python
from tests.support.environment import environment

HERE = Path(__file__).parent
CARD = """
from metaflow.cards import MetaflowCard
from metaflow.plugins.cards.card_modules.test_cards import TestEditableCard


class Shown(MetaflowCard):
    type = "{type}"

    def __init__(self, options=None, components=None, graph=None{more}):
        self.name = "task" if options is None else options.get("name", "task")

    def render(self, task):
        return "{type} %s" % task[self.name].data


class Edited(TestEditableCard):
    type = "editable_of_package"


CARDS = [Shown{also}]
"""
PLUGINS = "metaflow_extensions/{}/plugins/cards/{}"
PACKAGES = {
    PLUGINS.format("ext_a", "one/__init__.py"): CARD.format(type="sub_one", more=", flow=None, **more", also=""),
    PLUGINS.format("ext_a", "two/__init__.py"): CARD.format(type="sub_two", more=", **more", also=""),
    PLUGINS.format("ext_a", "mfextinit_x.py"): (
        "from .one import CARDS as one\nfrom .two import CARDS as two\n\nCARDS = one + two\n"
    ),
    PLUGINS.format("ext_b", "__init__.py"): CARD.format(type="of_init", more=", **more", also=", Edited"),
    PLUGINS.format("ext_c", "below/__init__.py"): CARD.format(type="of_namespace", more=", **more", also=""),
    PLUGINS.format("ext_d", "broken/__init__.py"): "raise ValueError('this package cannot be imported')\n",
}
SHOWN = "sub_one sub_two of_namespace of_init".split()
INNER = [["test_editable_card", "xyz", "13"], *[["test_pathspec_card", None, "PATHSPEC"]] * 2]
OF_PACKAGES = [["editable_of_package", None, "16"], *[[name, None, f"{name} PATHSPEC"] for name in sorted(SHOWN)]]
BOTH = [["test_editable_card", "abc", "14"], ["test_editable_card", "xyz", ""]]
EXPECTED: dict[str, Any] = {
    "client": {
        "start 0": [["test_component_refresh_card", "live", "final"]],
        "passed_through 0": [["test_refresh_card", "live", "final"]],
        "chosen 0": [
            ["taskspec_card", None, "PATHSPEC"], ["test_editable_card", "abc", ""], ["test_editable_card", None, "11"],
            ["test_editable_card_2", None, ""],
        ],
        "unnamed 0": [["test_editable_card", "abc", ""], ["test_editable_card", None, "12"]],
        "inner 0": INNER, "inner 1": INNER, "both_named 0": BOTH, "both_named 1": BOTH,
        "join 0": [
            ["html", None, "an error card"], ["taskspec_card", None, "PATHSPEC"], ["test_editable_card", None, "15"],
            ["test_error_card", None, "an error card"],
        ],
        "of_packages 0": OF_PACKAGES,
    },
    "inner": sorted(INNER * 2, key=str),
    "of_packages": OF_PACKAGES,
    "live": ["final", True],
    "passed": ["final", True],
    "resumed": [True, True, sorted(["16", *[f"{name} PATHSPEC" for name in SHOWN]])],
}  # fmt: skip


@pytest.mark.parametrize(
    "python", [pytest.param("flowc"), pytest.param("metaflow", marks=[pytest.mark.metaflow, pytest.mark.slow])]
)
def test_what_metaflow_s_test_flows_do(python: str, tmp_path: Path) -> None:
    for name in ("idioms_flow.py", "idioms_help.py", "idioms_check.py"):
        shutil.copy(HERE / name, tmp_path)
    for name, text in PACKAGES.items():
        (tmp_path / "packages" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "packages" / name).write_text(text)
    executable = sys.executable if python == "flowc" else metaflow_python()
    variables = {
        **environment("FLOWC_", "METAFLOW_"), "METAFLOW_USER": "tester", "METAFLOW_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(tmp_path / "packages"),
    }  # fmt: skip

    def started(*words: str, code: int = 0) -> str:
        done = subprocess.run(
            [executable, *words], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    top = ["--metadata=local", "--datastore=local", "--environment=local", "--event-logger=nullSidecarLogger"]
    flow = ["idioms_flow.py", *top, "--no-pylint", "--quiet"]
    options = ["--max-workers=50", "--max-num-splits=10000", "--tag=刺身 means sashimi", "--tag=several words"]
    started(*flow, "run", *options, "--run-id-file", "first", code=1)
    started(*flow, "resume", "--run-id-file", "resumed")
    printed = started("idioms_check.py", (tmp_path / "first").read_text(), (tmp_path / "resumed").read_text())
    assert json.loads(printed.splitlines()[-1]) == EXPECTED
