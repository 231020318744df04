"""`@deepspeed`: `current.deepspeed.run` starts DeepSpeed's launcher on node 0, for all nodes.

The launcher reaches the other nodes over SSH, which their image must allow. In a local run, all nodes are this machine.
"""

from __future__ import annotations

from contextlib import contextmanager

from . import commands
from .exceptions import DeepspeedException
from .nodes import LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator, List, Tuple

    from ..contract.extension_settings import GangSettings
    from .nodes import Gang


class CurrentDeepspeed:
    """`current.deepspeed` of a step with `@deepspeed`."""

    def __init__(self, gang: Gang, settings: GangSettings, slots: int, is_gpu: bool) -> None:
        nodes = gang.meet({}, settings.seconds_to_start)
        self.hosts: List[str] = [node["ip"] for node in nodes]
        self.n_slots_per_host, self.is_gpu = slots, is_gpu
        self._gang, self._calls = gang, 0

    def run(
        self, deepspeed_args: Any = None, entrypoint: Any = None, entrypoint_args: Any = None,
        push_results_dir_to_cloud: bool = False, local_output_dir: Any = None, cloud_output_dir: Any = None,
    ) -> None:  # fmt: skip
        """Runs the script on all nodes. Node 0 starts it, and the others wait until it has ended.

        Raises DeepspeedException if it fails.
        """
        if push_results_dir_to_cloud:
            raise DeepspeedException(
                "flowc does not support `push_results_dir_to_cloud`: save the folder with `current.checkpoint.save` "
                "(`@checkpoint`) or `current.model.save` (`@model`)"
            )
        self._calls += 1
        what = f"deepspeed-{self._calls}"
        if not self._gang.leads:
            self._gang.wait_for_leader(what)
            return
        with self._gang.leading(what):
            self._launch(deepspeed_args, entrypoint, entrypoint_args)

    def _launch(self, deepspeed_args: Any, entrypoint: Any, entrypoint_args: Any) -> None:
        path = commands.script(entrypoint, DeepspeedException, "current.deepspeed.run")
        given = commands.as_words(deepspeed_args)
        if "--master_addr" in given:
            raise DeepspeedException("`--master_addr` must not be given: it is the address of node 0")
        with hostfile(self.hosts, self.n_slots_per_host) as (name, hosts, slots):
            options = {"--hostfile": name, "--num_nodes": str(hosts)}
            if self.is_gpu:
                options["--num_gpus"] = str(slots)
            options["--master_addr"] = self._gang.main_ip
            for option, value in options.items():
                if option not in given:
                    given += [option, value]
            words = ["deepspeed", *given, path, *commands.as_words(entrypoint_args)]
            commands.run(words, DeepspeedException, "the step's environment or image must contain `deepspeed`")


@contextmanager
def hostfile(hosts: List[str], slots: int) -> Iterator[Tuple[str, int, int]]:
    """Writes the file with the hosts. Yields its name, how many hosts it has, and the slots of each.

    Nodes on one machine are one host, with the slots of all of them. The file is deleted afterwards.
    """
    import tempfile

    unique = list(dict.fromkeys(hosts))
    shared = slots * len(hosts) // len(unique)
    with tempfile.NamedTemporaryFile("w", prefix="hostfile-", suffix=".txt", encoding="utf-8") as file:
        for host in unique:
            file.write(f"{LOCAL if host == hosts[0] else host} slots={shared}\n")
        file.flush()
        yield file.name, len(unique), shared
