"""Price tables: what a second of a core costs, for `flowc estimate --prices` (docs/profiles.md, Prices)."""

from __future__ import annotations

import sys

from flowc.compiler.fast_start.record import record

from .terminal import Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from flowc.compiler.optimize.cost import Cost

# What a price is for → the part of a cost that it counts.
PARTS = {
    "core-second": "core_seconds",
    "gib-second": "gib_seconds",
    "gpu-second": "gpu_seconds",
    "container": "containers",
    "state-transition": "transitions",
}


@record
class Prices:
    """The prices of one target."""

    currency: str  # "" if the table does not name one
    each: tuple[tuple[str, float], ...]  # of PARTS

    def of(self, cost: Cost) -> float:
        """Returns what the cost comes to."""
        return float(sum(price * getattr(cost, PARTS[part]) for part, price in self.each))


def read_prices(file: str, target: str) -> Prices:
    """Returns the prices of the file for the target: those of its table `[TARGET]`, before those at the top.

    Raises Failure, with what is wrong.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    from flowc.targets.target import names

    try:
        with open(file, "rb") as opened:
            data: dict[str, Any] = tomllib.load(opened)
    except OSError as error:
        raise Failure(f"the prices {file} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Failure(f"the prices {file} are not valid TOML: {error}") from None
    tables = {name: value for name, value in data.items() if name in names()}
    own = tables.get(target, {})
    if not isinstance(own, dict):
        raise Failure(f"{file}: `{target}` must be a table of prices")
    merged = {**{name: value for name, value in data.items() if name not in tables}, **own}
    currency = merged.pop("currency", "")
    if not isinstance(currency, str):
        raise Failure(f"{file}: `currency` must be text")
    for name, price in merged.items():
        if name not in PARTS:
            raise Failure(f"{file} has an unknown price `{name}`; prices are {', '.join(PARTS)}")
        if isinstance(price, bool) or not isinstance(price, (int, float)) or not 0 <= price < float("inf"):
            raise Failure(f"{file}: `{name}` must be a number of at least 0")
    return Prices(currency, tuple((name, float(merged[name])) for name in PARTS if name in merged))
