"""Packages of card types from PyPI, unmodified: `metaflow-card-html` and `metaflow-card-notebook`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from flowc.runtime_shim import client
from flowc.runtime_shim.cards.client import get_cards

from tests.support.running import run

from .libraries import card_packages

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.nightly]

FLOW = """
from metaflow import FlowSpec, card, current, step
from metaflow.cards import Markdown


class F(FlowSpec):
    @card(type="html")
    @card(type="html", id="other", options={"attribute": "report"})
    @card(type="html", id="absent", options={"attribute": "nothing"})
    @card(type="html", id="live", options={"attribute": "nothing"}, refresh_interval=0)
    @step
    def start(self):
        self.html = "<html><body><b>made</b></body></html>"
        self.report = 5
        current.card["live"].refresh({"html": "<p>while it ran</p>"})
        self.next(self.notebook)

    @card(type="notebook", timeout=500)
    @card(type="notebook", id="missing", timeout=500, options={"options_dict_nm": "wrong"})
    @step
    def notebook(self):
        self.nb_options_dict = dict(input_path="report.ipynb", parameters={"number": 20}, exclude_input=True)
        self.wrong = dict(input_path="nothing.ipynb")
        self.next(self.end)

    @step
    def end(self):
        pass
"""
CODE = [
    ("number = 1\nrun_id = None", ["parameters"]),
    ("from metaflow import Run\nprint('twice', number * 2, 'in', run_id)", []),
]
NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "execution_count": None, "id": f"cell{number}", "metadata": {"tags": tags}, "outputs": [],
         "source": source}
        for number, (source, tags) in enumerate(CODE)
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4, "nbformat_minor": 5,
}  # fmt: skip


def test_the_packages_of_pypi(tmp_path: Path) -> None:
    packages = card_packages()
    (tmp_path / "flow.py").write_text(FLOW)
    (tmp_path / "report.ipynb").write_text(json.dumps(NOTEBOOK))
    variables = {
        "PYTHONPATH": str(packages), "JUPYTER_PATH": str(packages / "share" / "jupyter"), "HOME": str(tmp_path),
        "PATH": os.environ["PATH"],
    }  # fmt: skip
    here = os.getcwd()
    os.chdir(tmp_path)
    try:
        done = run(tmp_path / "flow.py", tmp_path / "store", env=variables)
    finally:
        os.chdir(here)
    client.metadata(f"local@{tmp_path / 'store'}")
    client.namespace(None)
    html, other, absent, live = get_cards("F/r/start/start")
    assert html.get() == "<html><body><b>made</b></body></html>" and other.get() == "5", done.stderr
    assert absent.get() == "<html><body>no html specified</body></html>" and live.get() == "<p>while it ran</p>"
    notebook, missing = get_cards("F/r/notebook/notebook")
    assert "twice 40 in r" in notebook.get() and "from metaflow import Run" not in notebook.get()
    assert notebook.is_html and 'sandbox="allow-scripts"' in notebook.page()
    assert "Input notebook does not exist: nothing.ipynb" in missing.get()
