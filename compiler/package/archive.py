"""The code package: the flow's files and its IR, as one archive named by its content.

The digest is of the canonical *uncompressed* tar, since compressors differ from machine to machine: sorted names, one
mode, no owner, no time, ustar headers written here. Compression is only for transport. Format: POSIX.1-2001 pax
interchange format, ustar header block.
"""

from __future__ import annotations

from ..fast_start.record import record
from ..ir.nodes import Input

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ..ir.nodes import Flow, Scope

IR_NAME = "flowc.json"  # reserved at the package's root
LARGEST = 64 << 20  # bytes of a file that the flow adds
_BLOCK = 512


class BadName(ValueError):
    """Raised for a file that a code package cannot contain; `args[0]` is the reason."""


@record
class Package:
    digest: str  # "sha256:" and 64 hexadecimal digits, of `tar`
    tar: bytes

    @property
    def file_name(self) -> str:
        """Returns `HEX.tar.gz`, the name of the object in the store and of the file beside a spec."""
        return self.digest.partition(":")[2] + ".tar.gz"

    def compressed(self) -> bytes:
        """Returns the tar as gzip, without a time or a name in its header."""
        import zlib

        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        data = packer.compress(self.tar) + packer.flush()
        # time 0; system "unknown", since zlib builds set it differently
        return data[:4] + b"\0\0\0\0" + data[8:9] + b"\xff" + data[10:]


def build(flow: Flow, scope: Scope, files: Mapping[str, bytes]) -> Package:
    """Returns the package of `files` (path from the flow's folder → content) and the IR.

    Raises BadName for a path that a ustar header cannot hold, that leaves the folder, or that is the IR's own.
    """
    from ..ir.json_form import to_json

    check_names(files)
    contents = {**files, IR_NAME: to_json(flow, scope).encode()}
    blocks: list[bytes] = []
    for name in _sorted(contents):
        data = contents[name]
        blocks += [_header(name, len(data)), data, b"\0" * (-len(data) % _BLOCK)]
    blocks.append(b"\0" * (2 * _BLOCK))
    tar = b"".join(blocks)
    return Package("sha256:" + sha256_of(tar), tar)


def check_names(files: Collection[str]) -> None:
    """Raises BadName as `build` does, for a flow that is not packaged."""
    if IR_NAME in files:
        raise BadName(f"`{IR_NAME}` is the name of flowc's own file in the code package")
    for name in _sorted(files):
        _header(name, 0)


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: name.encode("utf-8", "surrogateescape"))


def _header(name: str, size: int) -> bytes:
    parts = name.split("/")
    if not all(parts) or ".." in parts or "." in parts or "\0" in name:
        raise BadName(f"`{name}` is not a path in the flow's folder")
    last, prefix = _split(name.encode("utf-8", "surrogateescape"), name)
    fields = (
        last.ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % size, b"00000000000\0",
        b" " * 8, b"0",
        b"\0" * 100, b"ustar\0", b"00", b"\0" * 32, b"\0" * 32, b"0000000\0", b"0000000\0", prefix.ljust(155, b"\0"),
        b"\0" * 12,
    )  # fmt: skip
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _split(name: bytes, shown: str) -> tuple[bytes, bytes]:
    """Returns the name and prefix fields of ustar: 100 and 155 bytes, split at a slash."""
    if len(name) <= 100:
        return name, b""
    at = name.find(b"/", len(name) - 101)
    if at < 0 or at > 155:
        raise BadName(f"the path `{shown}` is too long for a code package")
    return name[at + 1 :], name[:at]


class Unfit(Exception):
    """Raised for a file that the flow adds and that the code package cannot contain.

    Its text is a phrase that follows the file's name. `name` is the name in the package, `how` the remedy.
    """

    def __init__(self, name: str, path: str, what: str, how: str) -> None:
        super().__init__(what)
        self.name, self.path, self.how = name, path, how


def added(files: Mapping[str, str]) -> tuple[dict[str, bytes], list[Input]]:
    """Returns the contents of files (name in the package → path), and each as an input of the compile. Raises Unfit."""
    contents: dict[str, bytes] = {}
    for name, path in files.items():
        try:
            with open(path, "rb") as file:
                contents[name] = file.read(LARGEST + 1)
        except OSError as error:
            raise Unfit(name, path, f"cannot be read: {error.strerror}", "remove it, or make it readable") from None
        if len(contents[name]) > LARGEST:
            raise Unfit(
                name,
                path,
                f"is larger than {LARGEST >> 20} MiB",
                "remove it, and let the step read it from its original place",
            )
    return contents, [Input("file", name, "", f"sha256:{sha256_of(data)}") for name, data in contents.items()]


def sha256_of(data: bytes) -> str:
    """Returns the digest as 64 hexadecimal digits."""
    # without `hashlib`'s 3 ms of constructors, and for little data OpenSSL's 3 ms
    from flowc.runtime_shim.contract.digest import fast_sha256, sha256

    return str((fast_sha256 if len(data) > 65536 else sha256)(data).hexdigest())
