"""Every target has the interface of `targets/target.py`, and holds the pages of its own diagnostics."""

from __future__ import annotations

import ast
import re
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flowc.targets import target

from flowc.explanations import pages

if TYPE_CHECKING:  # `mypy` holds the modules to the types, too
    from flowc.targets.airflow import about, deployment, emit, validate
    from flowc.targets.argo import about as argo_about
    from flowc.targets.argo import deployment as argo_deployment
    from flowc.targets.argo import emit as argo_emit
    from flowc.targets.argo import validate as argo_validate
    from flowc.targets.step_functions import about as states_about
    from flowc.targets.step_functions import deployment as states_deployment
    from flowc.targets.step_functions import emit as states_emit
    from flowc.targets.step_functions import validate as states_validate

    ABOUT: tuple[target.About, ...] = (about, argo_about, states_about)
    EMITTERS: tuple[target.Emitter, ...] = (emit, argo_emit, states_emit)
    DEPLOYERS: tuple[target.Deployer, ...] = (deployment, argo_deployment, states_deployment)
    VALIDATORS: tuple[target.Validator, ...] = (validate, argo_validate, states_validate)

HERE = Path(target.__file__).parent
LOADED = {"About": target.about, "Emitter": target.emitter, "Deployer": target.deployer, "Validator": target.validator}


def interface() -> dict[str, dict[str, list[str] | None]]:
    """The protocols of `target.py`: for each name the parameters of a function, None for a constant."""
    tree = ast.parse((HERE / "target.py").read_text())
    classes: dict[str, dict[str, list[str] | None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name in LOADED:
            members: dict[str, list[str] | None] = classes.setdefault(node.name, {})
            for member in node.body:
                if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
                    members[member.target.id] = None
                elif isinstance(member, ast.FunctionDef):
                    members[member.name] = [argument.arg for argument in member.args.args[1:]]
    return classes


@pytest.mark.parametrize("name", target.names())
@pytest.mark.parametrize(("protocol", "members"), interface().items())
def test_the_interface_is_there(protocol: str, members: dict[str, list[str] | None], name: str) -> None:
    module: Any = LOADED[protocol](name)
    for member, parameters in members.items():
        assert hasattr(module, member)
        if parameters is not None:
            assert list(signature(getattr(module, member)).parameters) == parameters


@pytest.mark.parametrize("name", target.names())
def test_its_name_is_that_of_its_folder(name: str) -> None:
    assert name == target.emitter(name).NAME
    assert (HERE / target.folder(name)).is_dir()


def test_a_page_is_where_its_code_is_given() -> None:
    engines = {target.folder(name): target.about(name).ENGINE for name in target.names()}
    folders_of: dict[str, set[str]] = {}
    for path in HERE.rglob("*.py"):
        for code in re.findall(r'"(FLOW5\d\d)"', path.read_text()):
            folders_of.setdefault(code, set()).add(engines.get(path.relative_to(HERE).parts[0], ""))
    engines_of = {page.code: page.engine for page in pages() if page.code in folders_of}
    assert engines_of == {code: min(folders) if len(folders) == 1 else "" for code, folders in folders_of.items()}


def test_unknown_targets_are_refused() -> None:
    for load in LOADED.values():
        with pytest.raises(KeyError):
            load("nomad")
