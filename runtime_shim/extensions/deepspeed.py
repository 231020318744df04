"""`@deepspeed`: `current.deepspeed.run` starts DeepSpeed's launcher on node 0, for all nodes.

The launcher reaches the other nodes over SSH, which their image must allow. In a local run, all nodes are this machine.
"""

from __future__ import annotations

from . import commands
from .exceptions import DeepspeedException
from .nodes import LOCAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, List, Tuple

    from .nodes import Gang


class CurrentDeepspeed:
    """`current.deepspeed` of a step with `@deepspeed`."""

    def __init__(self, gang: Gang, attributes: Dict[str, Any], slots: int, is_gpu: bool) -> None:
        nodes = gang.meet({}, float(attributes.get("all_nodes_started_timeout") or 600))
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
        path = commands.script(entrypoint, DeepspeedException, "current.deepspeed.run")
        given = commands.as_words(deepspeed_args)
        if "--master_addr" in given:
            raise DeepspeedException("`--master_addr` must not be given: it is the address of node 0")
        with hostfile(self.hosts, self.n_slots_per_host, "{} slots={}") as (name, hosts, slots):
            for option, value, applies in (
                ("--hostfile", name, True), ("--num_nodes", str(hosts), True), ("--num_gpus", str(slots), self.is_gpu),
                ("--master_addr", self._gang.main_ip, True),
            ):  # fmt: skip
                if applies and option not in given:
                    given += [option, value]
            words = ["deepspeed", *given, path, *commands.as_words(entrypoint_args)]
            commands.run(words, DeepspeedException, "the step's environment or image must contain `deepspeed`")
        self._gang.say(what, {})


class hostfile:
    """A context manager that writes the file with the hosts, and yields its name, how many hosts it has, and the slots
    of each. Nodes on the same machine are one host, with the slots of all of them."""

    def __init__(self, hosts: List[str], slots: int, line: str) -> None:
        unique = list(dict.fromkeys(hosts))
        self._slots = slots * len(hosts) // len(unique)
        self._lines = [line.format(LOCAL if host == hosts[0] else host, self._slots) for host in unique]

    def __enter__(self) -> Tuple[str, int, int]:
        import tempfile

        self._file = tempfile.NamedTemporaryFile("w", prefix="hostfile-", suffix=".txt", encoding="utf-8")
        self._file.write("".join(f"{line}\n" for line in self._lines))
        self._file.flush()
        return self._file.name, len(self._lines), self._slots

    def __exit__(self, *_: Any) -> None:
        self._file.close()
