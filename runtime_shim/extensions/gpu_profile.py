"""`@gpu_profile`: what `nvidia-smi` shows while a step runs, as artifacts and on a card.

A task without a GPU says so there. Nothing here fails a step.
"""

from __future__ import annotations

import os
import re
import subprocess

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from ..contract.extension_settings import GpuProfileSettings

CARD = "gpu_profile"  # the id of the card
FIELDS = (
    "timestamp", "gpu_utilization", "gpu_memory_used", "gpu_memory_total", "cpu_utilization", "ram_used", "ram_total",
)  # fmt: skip
_QUERY = "pci.bus_id,timestamp,utilization.gpu,memory.used,memory.total"
_SLOW = 20.0  # seconds after which `nvidia-smi` does not count


def run(flow: Any, settings: GpuProfileSettings, cards: Any, pathspec: str, call: Callable[[], None]) -> None:
    """Calls the step between two looks at the machine. `cards` is `current.card`, or None."""
    prefix, keeps = settings.prefix, settings.keeps_artifacts
    profiler = Profiler(settings.interval_seconds)
    if keeps:
        setattr(flow, f"{prefix}num_gpus", len(profiler.devices))
    try:
        call()
    finally:
        results = profiler.finish()
        if keeps:
            setattr(flow, f"{prefix}data", results)
        if settings.has_card and cards is not None:
            try:
                _fill(cards[CARD], results, pathspec, f"{prefix}data" if keeps else "")
            except Exception:  # a card never fails its step
                pass


class Profiler:
    """Asks `nvidia-smi` every `interval` seconds, in a thread, until it is finished."""

    def __init__(self, interval: float) -> None:
        self.error: Optional[str] = None
        self.driver: Optional[str] = None
        self.cuda: Optional[str] = None
        self.devices: List[Dict[str, str]] = []
        self.profile: Dict[str, Dict[str, List[str]]] = {}
        self._interval = max(interval, 0.05)
        self._busy: Optional[Tuple[float, float]] = None  # processor time and all time, at the last look
        self._thread: Any = None
        try:
            self._find()
        except FileNotFoundError:
            self.error = "nvidia-smi not found"
        except (OSError, subprocess.SubprocessError, ValueError):
            self.error = "nvidia-smi error"
        if self.error is None and not self.devices:
            self.error = "no GPU found"
        if self.error is None:
            import threading

            self._ended = threading.Event()
            self._thread = threading.Thread(target=self._watch, daemon=True)
            self._thread.start()

    def finish(self) -> Dict[str, Any]:
        """Returns what was seen: `error` (None if there is none), versions, `devices` and `profile`."""
        found: Dict[str, Any] = {
            "error": self.error, "cuda_version": self.cuda, "driver_version": self.driver,
        }  # fmt: skip
        if self._thread is not None:
            self._ended.set()
            self._thread.join(_SLOW)
            found.update(devices=self.devices, profile=self.profile)
        return found

    def _find(self) -> None:
        banner = _answer()
        driver, cuda = re.search(r"Driver Version: *(\S+)", banner), re.search(r"CUDA Version: *(\S+)", banner)
        if driver is None:
            raise ValueError(banner)
        self.driver, self.cuda = driver.group(1), cuda.group(1) if cuda is not None else None
        for line in _answer("--query-gpu=name,pci.bus_id,memory.total", "--format=csv,noheader").splitlines():
            fields = [field.strip() for field in line.split(",")]
            if len(fields) == 3:
                self.devices.append(dict(zip(("name", "device_id", "memory"), fields)))

    def _watch(self) -> None:
        while True:
            try:
                self._look()
            except (OSError, subprocess.SubprocessError):
                pass
            if self._ended.wait(self._interval):
                return

    def _look(self) -> None:
        text = _answer(f"--query-gpu={_QUERY}", "--format=csv,noheader,nounits")
        machine = [f"{self._cpu():.1f}", *_memory()]
        for line in text.splitlines():
            fields = [field.strip() for field in line.split(",")]
            if len(fields) != 5:
                continue
            device, stamp, *numbers = fields
            seen = self.profile.setdefault(device, {field: [] for field in FIELDS})
            for field, value in zip(FIELDS, [stamp.split(".")[0], *numbers, *machine]):
                seen[field].append(value)

    def _cpu(self) -> float:
        """Returns the percentage of processor time in use since the last look."""
        try:
            with open("/proc/stat") as file:
                numbers = [float(word) for word in file.readline().split()[1:]]
        except (OSError, ValueError):
            return 0.0
        busy, total = sum(numbers) - numbers[3] - numbers[4], sum(numbers)
        before, self._busy = self._busy, (busy, total)
        if before is None or total <= before[1]:
            return 0.0
        return 100 * (busy - before[0]) / (total - before[1])


def _answer(*arguments: str) -> str:
    return subprocess.run(
        ["nvidia-smi", *arguments], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_SLOW
    ).stdout.decode("utf-8", "replace")  # fmt: skip


def _memory() -> List[str]:
    """Returns the memory in use and all memory, in MiB."""
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        total, free = os.sysconf("SC_PHYS_PAGES") * page, os.sysconf("SC_AVPHYS_PAGES") * page
    except (OSError, ValueError):
        return ["0", "0"]
    return [str((total - free) >> 20), str(total >> 20)]


def _fill(card: Any, results: Dict[str, Any], pathspec: str, artifact: str) -> None:
    from ..cards import Markdown, Table

    card.append(Markdown(f"# GPU profile for `{pathspec}`"))
    if results["error"]:
        card.append(Markdown(f"## No GPU was profiled\n{results['error']}"))
        return
    card.append(Markdown("## Drivers"))
    card.append(Table([[results["driver_version"], results["cuda_version"]]], headers=["NVIDIA driver", "CUDA"]))
    card.append(Markdown("## Devices"))
    rows = [[device["device_id"], device["name"], device["memory"]] for device in results["devices"]]
    card.append(Table(rows, headers=["Device ID", "Device type", "GPU memory"]))
    card.append(Markdown("## Maximum utilization"))
    rows = [
        [
            device, f"{_most(seen['gpu_utilization']):.1f}%", f"{_most(seen['gpu_memory_used']):.0f} MiB",
            f"{_most(seen['cpu_utilization']):.1f}%",
            f"{_most(seen['ram_used']):.0f} MiB",
        ]
        for device, seen in results["profile"].items()
    ]  # fmt: skip
    card.append(Table(rows, headers=["Device ID", "Max GPU %", "Max GPU memory", "Max CPU %", "Max RAM"]))
    if artifact:
        card.append(Markdown(f"Every measurement is in the artifact `{artifact}`."))


def _most(values: List[str]) -> float:
    numbers = []
    for value in values:
        try:
            numbers.append(float(value))
        except ValueError:  # `[N/A]`
            pass
    return max(numbers, default=0.0)
