"""`IncludeFile`: the value of a parameter of type `file`, and how its content is read (docs/shim.md, Parameters).

A run keeps a reference in run.json, a JSON object with one key: `file` (the sha256 of content in the code package, or
in the datastore as ROOT/FLOW/files/…), `url` (an object that every machine can read) or `text` (the content itself).
The first task reads it, and the content becomes an ordinary artifact.
"""

from __future__ import annotations

import os

from . import address
from .errors import ShimError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Dict, Optional, Union

    from ..store import Store

    Reference = Dict[str, str]

FOLDER = "flowc.include"  # in the code package: the default files, each named by the sha256 of its content
_TEXT = "text:"
_SCHEMES = ("s3://", "gs://", "az://", "file://")


def reference(value: Any) -> Reference:
    """Returns the reference that a parameter's value means.

    Raises ValueError for a path, which only one machine has.
    """
    if (
        isinstance(value, dict)
        and len(value) == 1
        and set(value) <= {"file", "url", "text"}
        and all(isinstance(text, str) for text in value.values())
    ):
        return dict(value)
    if not isinstance(value, str):
        raise ValueError("it must name a file or its content: `s3://BUCKET/KEY`, `file:///PATH` or `text:CONTENT`")
    if value.startswith(_TEXT):
        return {"text": value[len(_TEXT) :]}
    if value.startswith(_SCHEMES):
        return {"url": value}
    raise ValueError(
        f"{value!r} is a local path, which the machines of the tasks do not have: give `s3://BUCKET/KEY`, "
        "`file:///PATH` or `text:CONTENT`"
    )


def default(declared: Dict[str, Any]) -> Optional[Reference]:
    """Returns the reference of the parameter's default file, or None without one."""
    digest = (declared.get("include") or {}).get("digest", "")
    return {"file": digest} if digest else None


def put(store: Store, flow: str, data: bytes) -> Reference:
    """Writes content into the datastore, if it is absent. Returns its reference."""
    from .digest import sha256

    digest = sha256(data).hexdigest()
    store.put_if_absent(address.file_name(flow, digest), data)
    return {"file": digest}


def content(
    declared: Dict[str, Any], source: Optional[Reference], store: Store, flow: str, folder: str
) -> Union[None, str, bytes]:
    """Returns the content: text with Unix newlines, or bytes if the parameter says so.

    `folder` is the code package's, "" without one. Raises ShimError, which names the parameter.
    """
    if source is None:
        return None
    include = declared["include"]
    name = declared["name"]
    if "text" in source:
        text = source["text"]
        return text if include["is_text"] else text.encode("utf-8", "surrogatepass")
    data = _packaged(source["file"], store, flow, folder) if "file" in source else _fetched(source["url"])
    if data is None:
        raise ShimError(f"parameter {name!r}: there is no file {source.get('url') or source['file']}")
    if not include["is_text"]:
        return data
    try:
        return decoded(data, include["encoding"])
    except (UnicodeError, LookupError) as error:
        raise ShimError(f"parameter {name!r}: the file is not valid {include['encoding']} text: {error}") from None


def decoded(data: bytes, encoding: str) -> str:
    """Returns the text, as Python reads a text file. Raises UnicodeError, and LookupError for an unknown encoding."""
    return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def _packaged(digest: str, store: Store, flow: str, folder: str) -> Optional[bytes]:
    path = os.path.join(folder, FOLDER, digest)
    if folder and os.path.exists(path):
        with open(path, "rb") as file:
            return file.read()
    return store.get(address.file_name(flow, digest))


def _fetched(url: str) -> Optional[bytes]:
    from ..store import open_store

    scheme, _, rest = url.partition("://")
    if scheme == "file":
        try:
            with open(rest, "rb") as file:
                return file.read()
        except OSError:
            return None
    root, _, key = rest.partition("/")
    return open_store(f"{scheme}://{root}").get(key)
