"""The places of the shim's objects in S3, for Step Functions to read them during a run (docs/shim.md, Datastore)."""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~")


@record
class Store:
    """A datastore in S3."""

    url: str  # "s3://BUCKET/PREFIX", without a slash at the end
    bucket: str
    prefix: str  # of every key: "" or "PREFIX/"


def store_of(url: str) -> Store | None:
    """Returns the datastore at `url`, or None if it is not in S3."""
    scheme, _, rest = url.partition("://")
    bucket, _, prefix = rest.strip("/").partition("/")
    if scheme != "s3" or not bucket:
        return None
    prefix = prefix.strip("/")
    return Store(f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}", bucket, f"{prefix}/" if prefix else "")


def runs_prefix(store: Store, flow: str) -> str:
    """Returns the prefix of the keys of all objects that the flow's runs write."""
    return f"{store.prefix}{_encoded(flow)}/runs/"


def report_key(store: Store, flow: str, step: str, report: str) -> str:
    """Returns the key of a report, of the step's task at `$.path` of run `$.run`, as an intrinsic function.

    `report` is "paths" or "outcome". The run's id and the path go into the key unchanged: a path contains only digits,
    `.`, `~` and `-`, and docs/targets/step-functions.md says which names an execution may have.
    """
    before, after = _quoted(runs_prefix(store, flow)), _quoted(f"/{_encoded(step)}/")
    return f"States.Format('{before}{{}}{after}{{}}.{report}.json', $.run, $.path)"


def results_prefix(store: Store, flow: str) -> str:
    """Returns the prefix of the keys under which distributed Maps write results, each Map Run in a folder of its own.

    It contains no run's id: an interpreter may look up the parts of the prefix in the results, not in the state's
    input.
    """
    return f"{store.prefix}{_encoded(flow)}/map-results"


def _encoded(name: str) -> str:
    """Percent-encodes all but `A-Z a-z 0-9 _ - . ~`, and a leading `.` (docs/shim.md)."""
    coded = "".join(
        character if character in _PLAIN else "".join(f"%{byte:02X}" for byte in character.encode())
        for character in name
    )
    return "%2E" + coded[1:] if coded.startswith(".") else coded


def _quoted(text: str) -> str:
    """Escapes `'`, `{`, `}` and backslashes, for a string in an intrinsic function (ASL, Intrinsic Functions)."""
    return "".join("\\" + character if character in "'{}\\" else character for character in text)
