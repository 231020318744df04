"""Where the shim's objects are in S3, said so that Step Functions can read them while a run goes on (docs/shim.md, Datastore)."""

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
    """Returns the datastore at `url`, or None if it is none in S3."""
    scheme, _, rest = url.partition("://")
    bucket, _, prefix = rest.strip("/").partition("/")
    if scheme != "s3" or not bucket:
        return None
    prefix = prefix.strip("/")
    return Store(f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}", bucket, f"{prefix}/" if prefix else "")


def runs_prefix(store: Store, flow: str) -> str:
    """The key that everything which runs of the flow write begins with."""
    return f"{store.prefix}{_encoded(flow)}/runs/"


def report_key(store: Store, flow: str, step: str, report: str) -> str:
    """The key of a report of the step's task at `$.path` of run `$.run`, as an intrinsic function. `report` is "paths" or "outcome".

    The run's id and the path go into the key as they are: a path holds only digits, `.`, `~` and `-`, and docs/targets/step-functions.md
    says which names of executions may be given.
    """
    before, after = _quoted(runs_prefix(store, flow)), _quoted(f"/{_encoded(step)}/")
    return f"States.Format('{before}{{}}{after}{{}}.{report}.json', $.run, $.path)"


def results_prefix(store: Store, flow: str) -> str:
    """What the keys begin with under which distributed Maps write their results. Each Map Run has a folder of its own there, named by its id.

    No run's id is in it: an interpreter may look for what the prefix is made of in the results, instead of in the state's input.
    """
    return f"{store.prefix}{_encoded(flow)}/map-results"


def _encoded(name: str) -> str:
    """Percent-encoding of docs/shim.md: everything but `A-Z a-z 0-9 _ - . ~`, and a leading `.`."""
    coded = "".join(each if each in _PLAIN else "".join(f"%{byte:02X}" for byte in each.encode()) for each in name)
    return "%2E" + coded[1:] if coded.startswith(".") else coded


def _quoted(text: str) -> str:
    """The text as part of a string inside an intrinsic function, where a backslash protects `'`, `{`, `}` and itself (ASL, Intrinsic Functions)."""
    return "".join("\\" + each if each in "'{}\\" else each for each in text)
