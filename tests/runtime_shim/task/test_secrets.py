"""`@secrets`: the variables that a task gets, and the errors if it cannot."""

from __future__ import annotations

from typing import Any

import pytest
from flowc.runtime_shim.exceptions import MetaflowException
from flowc.runtime_shim.task.secrets import variables


def inline(name: str = "mine", **values: object) -> dict[str, Any]:
    return {"type": "inline", "id": name, "options": {"env_vars": values}}


def test_inline() -> None:
    assert variables({"sources": [inline(A_SECRET="1"), inline("other", B_SECRET="2")]}) == {
        "A_SECRET": "1",
        "B_SECRET": "2",
    }


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ([inline(A_SECRET="1"), inline("other", A_SECRET="2")], "both 'mine' and 'other'"),
        ([inline(PATH="x")], "is already set"),
        ([inline(A_SECRET=1)], "must be strings"),
        ([inline(METAFLOW_X="1")], "a secret cannot set a variable of that name"),
        ([inline(**{"a-b": "1"})], "a secret cannot set a variable of that name"),
        (["vault.x"], "unknown backend 'vault'"),
        (["plain"], "names no backend"),
        ([3], "must be a string or a dict"),
        ([{"type": "inline"}], "must be strings"),
    ],
)
def test_what_cannot_be(sources: list[object], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", raising=False)
    with pytest.raises(MetaflowException, match=message):
        variables({"sources": sources})


def test_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "old")
    assert variables({"sources": [inline(A_SECRET="new")], "allow_override": True}) == {"A_SECRET": "new"}


def test_the_default_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METAFLOW_DEFAULT_SECRETS_BACKEND_TYPE", "inline")
    assert variables({"sources": ["nothing"]}) == {}
