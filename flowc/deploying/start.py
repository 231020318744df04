"""The parameters of a run on an engine: checked by the flow that is deployed, which its code package holds."""

from __future__ import annotations

from flowc.compiler.ir.json_form import from_json
from flowc.runtime_shim.contract import address, code_package
from flowc.runtime_shim.contract.errors import ShimError
from flowc.runtime_shim.contract.graph import IR_NAME

from ..options import Usage
from ..run_parameters import _plain, given

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from flowc.compiler.ir.nodes import Flow
    from flowc.runtime_shim.store import Store
    from flowc.targets.operating import Deployed

    from ..options import Arguments


def flow_of(store: Store, deployed: Deployed) -> Flow:
    """Returns the flow that is deployed. Raises ShimError if its code package is missing or damaged."""
    compressed = store.get(address.code_name(deployed.flow, deployed.code))
    if compressed is None:
        raise ShimError(
            f"the code package of `{deployed.name}` is not in the datastore {store.url}, where tasks look for it: "
            "deploy the flow again"
        )
    tar = code_package.expand(compressed, deployed.code)
    for name, content in code_package._members(tar):
        if name == IR_NAME:
            return from_json(bytes(content).decode())[0]
    raise ShimError(f"the code package of `{deployed.name}` has no {IR_NAME}")


def texts(arguments: Arguments, flow: Flow, store: Store, taken: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Returns the given parameters as text, as engines hold them. Raises Usage with everything that is wrong."""
    import json

    from flowc.runtime_shim.contract import parameters

    values: dict[str, Any] = given(arguments, flow, taken, {})
    for parameter in flow.parameters:
        if parameter.type == "file" and parameter.name in values:
            values[parameter.name] = _uploaded(parameter.name, str(values[parameter.name]), flow, store)
    declared = [_plain(parameter) for parameter in flow.parameters]
    asked = [one for one in declared if one["name"] in values or (one["required"] and not one["computed"])]
    try:
        parameters.convert(asked, values)
    except ShimError as error:
        raise Usage(str(error)) from None
    return tuple(
        (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        for name, value in values.items()
    )


def add_parameters_of_file(arguments: Arguments) -> None:
    """Adds the parameters in the file of `--parameters`, before those of the command line. Raises Usage."""
    if arguments.text("--parameters"):
        arguments.given["--parameter"] = (*_of_file(arguments.text("--parameters")), *arguments.all("--parameter"))


def _of_file(path: str) -> tuple[str, ...]:
    import json

    try:
        with open(path, encoding="utf-8") as file:
            values = json.load(file)
    except (OSError, ValueError) as error:
        raise Usage(f"`--parameters {path}` cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise Usage(f"`--parameters {path}` is not a JSON object", 'write {"NAME": VALUE, …}')
    return tuple(
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in values.items()
    )


def checked_tags(words: Sequence[str]) -> set[str]:
    """Returns the tags. Raises Usage for an invalid one, before anything starts."""
    from flowc.runtime_shim.client import tags
    from flowc.runtime_shim.exceptions import MetaflowTaggingError

    try:
        return tags.checked(words, "--tag")
    except MetaflowTaggingError as error:
        raise Usage(str(error)) from None


def _uploaded(name: str, path: str, flow: Flow, store: Store) -> Any:
    """Puts the file into the datastore; returns its reference."""
    from flowc.runtime_shim.contract import included_file

    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise Usage(f"parameter `{name}`: the file `{path}` cannot be read: {error.strerror}") from None
    return included_file.put(store, flow.name, data)
