"""`Profile`: what past runs of a flow cost, as `flowc profile` writes it beside the flow (docs/formats.md, Profiles).

It holds percentiles only: of the seconds that attempts took, the memory that tasks used, the items of each foreach, the
visits of each loop, and the seconds until a container has started. It also counts the cases that switches chose. It
holds none of the flow's values, and nothing that tells one run from another.
"""

from __future__ import annotations

from ..fast_start.record import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

VERSION = 1
ENDING = ".profile.json"
SUCCEEDED, CAUGHT, FAILED = "succeeded", "caught", "failed"  # the outcomes of an attempt
MEMORY, WIDTH, VISITS = "memory", "width", "visits"
MEASURES = (SUCCEEDED, CAUGHT, FAILED, MEMORY, WIDTH, VISITS)  # of a step, in the order in which they are written


class Malformed(ValueError):
    """Raised for a text that is not a profile. The message completes `FILE is not a profile: …`."""


@record
class Spread:
    """The percentiles of some numbers: each is one of them."""

    count: int
    p50: float
    p90: float
    p99: float

    @property
    def mean(self) -> float:
        """An estimate of the mean, on the high side: no number counts as less than the median."""
        return self.p50 + 0.245 * (self.p90 - self.p50) + 0.055 * (self.p99 - self.p50)

    def largest(self, count: float) -> float:
        """Returns the expected largest of `count` numbers; the mean if `count` is 1."""
        if count <= 1:
            return self.mean
        rank = 1 - 1 / (count + 1)
        if rank <= 0.9:
            return max(self.mean, self.p50 + (rank - 0.5) / 0.4 * (self.p90 - self.p50))
        return max(self.mean, self.p90 + min(1.0, (rank - 0.9) / 0.09) * (self.p99 - self.p90))


@record
class Profile:
    """What past runs of one flow cost."""

    flow: str  # the name of its class
    runs: int  # how many were read
    starts: Mapping[str, Spread]  # target → seconds from the end of a task to the start of one that follows it
    inside: Mapping[str, Spread]  # target → the same seconds, of tasks that follow in the container of the one before
    steps: Mapping[str, Mapping[str, Spread]]  # step → measure (MEASURES) → its percentiles
    chosen: Mapping[str, Mapping[str, int]] = {}  # step with a switch → the next step → how often it chose that one

    def of(self, step: str, measure: str) -> Spread | None:
        return self.steps.get(step, {}).get(measure)

    def peak(self, step: str) -> float:
        """Returns the MiB that 99 of 100 tasks of the step have stayed within; 0 if no run tells."""
        used = self.of(step, MEMORY)
        return used.p99 if used is not None else 0


def spread(numbers: Iterable[float]) -> Spread | None:
    """Returns the percentiles, by nearest rank; None of no numbers.

    >>> spread([3, 1, 2, 4])
    Spread(count=4, p50=2, p90=4, p99=4)
    """
    ordered = sorted(numbers)
    count = len(ordered)
    return Spread(count, *(ordered[-(-count * percent // 100) - 1] for percent in (50, 90, 99))) if count else None


def dumps(profile: Profile) -> str:
    """Returns the profile as JSON: the same bytes for the same numbers, a line for each spread."""
    from json import dumps as to_json

    def lines(spreads: Mapping[str, Spread], indent: str) -> str:
        return ",\n".join(f"{indent}{to_json(name)}: {_text(numbers)}" for name, numbers in spreads.items())

    steps = ",\n".join(
        f"  {to_json(step)}: {{\n"
        + lines({name: measures[name] for name in MEASURES if name in measures}, "   ")
        + "\n  }"
        for step, measures in sorted(profile.steps.items())
    )
    gaps = [
        f' "{name}": {{\n{text}\n }},' if (text := lines(dict(sorted(spreads.items())), "  ")) else f' "{name}": {{}},'
        for name, spreads in (("starts", profile.starts), ("inside", profile.inside))
    ]
    chosen = ",\n".join(
        f"  {to_json(step)}: {to_json(dict(sorted(counts.items())))}" for step, counts in sorted(profile.chosen.items())
    )
    return "\n".join([
        "{",
        f' "version": {VERSION},',
        f' "flow": {to_json(profile.flow)},',
        f' "runs": {profile.runs},',
        *gaps,
        f' "steps": {{\n{steps}\n }},' if steps else ' "steps": {},',
        f' "chosen": {{\n{chosen}\n }}' if chosen else ' "chosen": {}',
        "}",
        "",
    ])  # fmt: skip


def loads(text: str) -> Profile:
    """Returns the profile that `dumps` wrote. Ignores unknown keys. Raises Malformed."""
    import json

    try:
        data = json.loads(text)
    except ValueError as error:
        raise Malformed(f"it is not valid JSON ({error})") from None
    if not isinstance(data, dict) or not isinstance(data.get("version"), int):
        raise Malformed("it has no `version`")
    if data["version"] != VERSION:
        raise Malformed(f"it has format {data['version']}, but this flowc reads format {VERSION}")
    flow: Any = data.get("flow")
    runs: Any = data.get("runs")
    if not isinstance(flow, str) or not _is_count(runs):
        raise Malformed("`flow` must be text, and `runs` a whole number")
    steps = _table(data, "steps")
    return Profile(
        flow,
        runs,
        _gaps(data, "starts"),
        _gaps(data, "inside"),
        {
            step: {
                name: _spread(value, f"steps.{step}.{name}")
                for name, value in _table(steps, step, "steps.").items()
                if name in MEASURES
            }
            for step in steps
        },
        {step: _counts(data["chosen"], step) for step in _table(data, "chosen")},
    )


def _text(numbers: Spread) -> str:
    values = ", ".join(
        f'"{name}": {value:.3f}'.rstrip("0").rstrip(".")
        for name, value in (("p50", numbers.p50), ("p90", numbers.p90), ("p99", numbers.p99))
    )
    return f'{{"count": {numbers.count}, {values}}}'


def _table(data: dict[str, Any], key: str, where: str = "") -> dict[str, Any]:
    value = data.get(key)
    if not isinstance(value, dict):
        raise Malformed(f"`{where}{key}` must be an object")
    return value


def _gaps(data: dict[str, Any], name: str) -> dict[str, Spread]:
    return {target: _spread(value, f"{name}.{target}") for target, value in _table(data, name).items()}


def _counts(chosen: dict[str, Any], step: str) -> dict[str, int]:
    counts = _table(chosen, step, "chosen.")
    if not all(_is_count(count) for count in counts.values()):
        raise Malformed(f"the numbers of `chosen.{step}` must be whole numbers")
    return counts


def _spread(value: Any, where: str) -> Spread:
    numbers: list[Any] = [value.get(name) for name in ("p50", "p90", "p99")] if isinstance(value, dict) else []
    if not numbers or not _is_count(value.get("count")) or not value["count"]:
        raise Malformed(f"`{where}` must have `count`, `p50`, `p90` and `p99`")
    if not all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers) or not (
        0 <= numbers[0] <= numbers[1] <= numbers[2] < float("inf")
    ):
        raise Malformed(f"the percentiles of `{where}` must be numbers of at least 0 that do not fall")
    return Spread(value["count"], *numbers)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
