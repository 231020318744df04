"""`@airflow_s3_key_sensor(bucket_key, bucket_name=None, …)`: wait for an object in S3 before the first step.

Only Airflow has it.

A local run ignores the decorator, as Metaflow does.
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record

from ._kinds import flags, texts
from ._sensor import ATTRIBUTES as COMMON
from ._sensor import HOW as HOW
from ._sensor import WHY as WHY
from ._sensor import Waiting, common, read_common, texts_in
from .decorator import value_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowc.compiler.ir.nodes import Decorator, Flow, Value
    from flowc.compiler.report.diagnostics import Diagnostic

LEVEL = "flow"
ATTRIBUTES: dict[str, Value] = {
    **COMMON, "bucket_key": None, "bucket_name": None, "wildcard_match": False, "aws_conn_id": None, "verify": None,
}  # fmt: skip
MULTIPLE = True


@record
class S3KeySensor:
    """An object that the run waits for."""

    waiting: Waiting
    keys: tuple[str, ...]
    bucket: str  # "": the keys name it
    wildcard_match: bool
    connection: str  # of Airflow; "": the default one
    verify: bool | str | None  # certificates: True, False or a file; None: boto's default


def read(decorator: Decorator) -> S3KeySensor:
    """Returns the decorator's values as a record. Its check has accepted them."""
    attributes, verify = decorator.attributes, decorator.attributes["verify"]
    return S3KeySensor(
        read_common(decorator), texts_in(attributes["bucket_key"]), str(attributes["bucket_name"] or ""),
        attributes["wildcard_match"] is True,
        str(attributes["aws_conn_id"] or ""), verify if isinstance(verify, (bool, str)) else None,
    )  # fmt: skip


def check(decorator: Decorator, _owner: Flow) -> Iterator[Diagnostic]:
    yield from common(decorator, "bucket_key")
    keys = decorator.attributes["bucket_key"]
    several = keys if isinstance(keys, list) else [keys]
    if keys and not all(isinstance(item, str) and item for item in several):
        yield value_error(
            decorator, "bucket_key", "it must be an S3 key or a list of S3 keys", "write `bucket_key='s3://bucket/key'`"
        )
    elif (
        keys
        and decorator.attributes["bucket_name"] is None
        and not all(str(item).startswith("s3://") for item in several)
    ):
        yield value_error(
            decorator,
            "bucket_key",
            "the key names no bucket, and `bucket_name` is not given",
            "write `s3://BUCKET/KEY`, or add `bucket_name`",
        )
    yield from texts(decorator, "bucket_name", "aws_conn_id")
    yield from flags(decorator, "wildcard_match")
    if not (decorator.attributes["verify"] is None or isinstance(decorator.attributes["verify"], (bool, str))):
        yield value_error(
            decorator,
            "verify",
            "it must be True, False, or the path of a file with certificates",
            "write `verify=True`",
        )
