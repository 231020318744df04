"""A `pyproject.toml` is parsed once a command, and only if it may hold settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from flowc.compiler.report.diagnostics import Refused

from flowc import settings

WITH = (
    "[tool.flowc]\n",
    "[ tool . 'flowc' ]\nstore = 's3://b'\n",
    '["tool"."flowc".argo]\n',
    "tool.flowc.store = 's3://b'\n",
    "[tool]\nflowc = {store = 's3://b'}\n",
    "[tool]\r\n\"flowc\".store = 's3://b'\r\n",
    "tool = {flowc = {}}\n",
    "'tool' . flowc = {}\n",
    "[tool]\ntext = '[' # '\nflowc.env = {}\n",
)
WITHOUT = (
    "[project]\ndependencies = ['flowc']\n[tool.ruff]\n",
    '[project]\ndependencies = [\n  "flowc>=1",\n  "flowc == 2", \'flowc~=2\',\n]\n[tool.ruff]\n',
    "[tool.ruff]\nsrc = ['flowc']  # flowc\n",
)
FLOW = "from metaflow import FlowSpec, step\n\nclass F(FlowSpec):\n    @step\n    def start(self):\n        pass\n"
# prints how often TOML was parsed
COUNT = """
import sys
from flowc.cli import main
parsed = []
if {spy}:
    import {parser} as parser
    loads = parser.loads
    parser.loads = lambda text: (parsed.append(text), loads(text))[1]
code = main(["compile", "flow.py", "--target", "argo", "--store", "s3://b", "-q"])
print(code, len(parsed), "{parser}" in sys.modules)
"""


@pytest.mark.parametrize("text", WITH)
def test_a_file_with_settings_is_parsed(text: str) -> None:
    assert settings._table("pyproject.toml", text) is not None
    assert settings._may_hold_table(text.encode())


@pytest.mark.parametrize("text", WITHOUT)
def test_a_file_that_only_mentions_flowc_is_not(text: str) -> None:
    assert settings._table("pyproject.toml", text) is None
    assert not settings._may_hold_table(text.encode())


@pytest.mark.parametrize(
    ("text", "spy", "expected"),
    [(WITH[1], True, "0 1 True"), (WITHOUT[1], False, "0 0 False")],
)
def test_a_command_parses_once_or_not_at_all(tmp_path: Path, text: str, spy: bool, expected: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "flow.py").write_text(FLOW)
    parser = "tomllib" if sys.version_info >= (3, 11) else "tomli"
    code = COUNT.format(spy=spy, parser=parser)
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == expected, done.stdout


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    file, flow = tmp_path / "pyproject.toml", str(tmp_path / "flow.py")
    for store in ("s3://one", "s3://two", "s3://one"):
        file.write_text(f"[tool.flowc]\nstore = '{store}'\n")
        assert settings.settings_for(flow).options == settings.settings_for(flow).options == {"store": store}
    file.write_text("[tool.flowc]\nsource-roots = ['src']\n")
    (tmp_path / "src").mkdir()
    assert settings.settings_for(flow).roots == (str(tmp_path / "src"),)
    (tmp_path / "src").rmdir()
    with pytest.raises(Refused):
        settings.settings_for(flow)
