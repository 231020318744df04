"""`@torchrun`: `current.torch.run` starts PyTorch's launcher on each node.

`TorchrunSingleNodeMultiGPU` starts it in a task without a gang.
"""

from __future__ import annotations

import sys

from . import commands
from .exceptions import TorchrunException
from .nodes import free_port

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List

    from ..contract.extension_settings import GangSettings
    from .nodes import Gang

PORT = 3339


class CurrentTorch:
    """`current.torch` of a step with `@torchrun`."""

    def __init__(self, gang: Gang, settings: GangSettings) -> None:
        port = settings.port
        if port is None and gang.leads:
            port = free_port() if gang.is_local else PORT
        nodes = gang.meet({"port": port}, settings.seconds_to_start)
        self.torchrun_args: Dict[str, Any] = {
            "nnodes": gang.nodes, "master_addr": gang.main_ip, "master_port": int(nodes[0]["port"]),
            "node_rank": gang.index,
            "nproc_per_node": settings.processes,
        }  # fmt: skip

    def run(
        self, torchrun_args: Any = None, entrypoint: Any = None, entrypoint_args: Any = None,
        nproc_per_node: Any = None,
        push_results_dir_to_cloud: bool = False, local_output_dir: Any = None, cloud_output_dir: Any = None,
        master_port: Any = None,
    ) -> None:  # fmt: skip
        """Runs the script on this node, in `nproc_per_node` processes. Raises TorchrunException if it fails.

        The arguments for results in the cloud have no effect, as in the extension.
        """
        options = {**self.torchrun_args, **_options(torchrun_args, nproc_per_node)}
        if master_port is not None:
            options["master_port"] = master_port
        options.setdefault("rdzv_endpoint", f"{options['master_addr']}:{options['master_port']}")
        _launch(options, entrypoint, entrypoint_args, "current.torch.run")


class TorchrunSingleNodeMultiGPU:
    """Starts PyTorch's launcher in one task, for several processes there."""

    def run(
        self, torchrun_args: Any = None, entrypoint: Any = None, entrypoint_args: Any = None, nproc_per_node: Any = None
    ) -> None:  # fmt: skip
        """Runs the script in `nproc_per_node` processes. Raises TorchrunException if it fails."""
        options = {"nproc_per_node": 1, **_options(torchrun_args, nproc_per_node)}
        _launch(options, entrypoint, entrypoint_args, "TorchrunSingleNodeMultiGPU().run")


def _options(torchrun_args: Any, nproc_per_node: Any) -> Dict[str, Any]:
    """Returns the options that the call names. A list has names and values in turn."""
    if isinstance(torchrun_args, (list, tuple)):
        if len(torchrun_args) % 2:
            raise TorchrunException(f"`torchrun_args` as a list must have a value after each name: {torchrun_args!r}")
        torchrun_args = dict(zip(torchrun_args[::2], torchrun_args[1::2]))
    options = {str(name).lstrip("-"): value for name, value in dict(torchrun_args or {}).items()}
    if nproc_per_node is not None:
        if "nproc_per_node" in options:
            raise TorchrunException("give `nproc_per_node` or `torchrun_args['nproc_per_node']`, not both")
        options["nproc_per_node"] = nproc_per_node
    return options


def _launch(options: Dict[str, Any], entrypoint: Any, entrypoint_args: Any, where: str) -> None:
    path = commands.script(entrypoint, TorchrunException, where)
    if not commands.has_module("torch"):
        raise TorchrunException("PyTorch is not installed: the step's environment or image must contain `torch`")
    words: List[str] = [sys.executable, "-m", "torch.distributed.run", *commands.as_words(options), path]
    commands.run([*words, *commands.as_words(entrypoint_args)], TorchrunException, "install `torch`")
