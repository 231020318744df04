"""The constants of a flow's modules, and the inputs that they may depend on."""

from __future__ import annotations

from pathlib import Path

import pytest
from flowc.compiler.fold.budget import Unfoldable
from flowc.compiler.fold.evaluator import Evaluator, Values
from flowc.compiler.fold.values import HERE, Config, Native, settings
from flowc.compiler.ir.nodes import Span
from flowc.compiler.names.resolver import Resolver
from flowc.compiler.source.sources import Sources

MODULE = """
import helpers
from os.path import dirname, join
from metaflow import config_expr, retry

BASE = 2
TWICE = helpers.double(BASE)
UNKNOWN = compute()
BESIDE = join(dirname(__file__), "data.csv")
IMAGE = config_expr("settings.image")
ROUND = ROUND + 1
TRIED = retry
"""
HELPERS = "def double(n):\n    return 2 * n\n"


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    (tmp_path / "flow.py").write_text(MODULE)
    (tmp_path / "helpers.py").write_text(HELPERS)
    return Sources(str(tmp_path), "flow.py")


def test_a_constant_is_folded_through_functions_of_other_modules(sources: Sources) -> None:
    assert Evaluator(Resolver(sources)).constant(sources.main(), "TWICE") == 4
    assert list(sources.texts) == ["flow.py", "helpers.py"]  # read when a name first led there


def test_what_is_not_known_can_be_given(sources: Sources) -> None:
    module = sources.main()
    with pytest.raises(Unfoldable):
        Evaluator(Resolver(sources)).constant(module, "UNKNOWN")
    values = Values({"UNKNOWN": 7})
    assert Evaluator(Resolver(sources), values).constant(module, "UNKNOWN") == 7
    assert values.used == {"UNKNOWN"}


def test_a_constant_that_is_defined_by_itself_has_no_value(sources: Sources) -> None:
    with pytest.raises(Unfoldable, match="defined by itself"):
        Evaluator(Resolver(sources)).constant(sources.main(), "ROUND")


def test_an_evaluator_does_not_change(sources: Sources) -> None:
    module, evaluator = sources.main(), Evaluator(Resolver(sources))
    config = Config("settings", "settings", ("flow", "F"), Span("flow.py", 1, 1, 1, 2))
    config.value = settings({"image": "python:3.12"})
    assert evaluator.at(HERE).constant(module, "BESIDE") == f"{HERE}/data.csv"
    assert evaluator.with_configs({"settings": config}).constant(module, "IMAGE").value == "python:3.12"
    for name in ("BESIDE", "IMAGE"):  # as before
        with pytest.raises(Unfoldable):
            evaluator.constant(module, name)


def test_natives_are_given(sources: Sources) -> None:
    module, retry = sources.main(), Native("retry", lambda folder: None)
    with pytest.raises(KeyError):
        Evaluator(Resolver(sources)).constant(module, "retry")
    assert Evaluator(Resolver(sources), natives={"metaflow.retry": retry}.get).constant(module, "TRIED") is retry
