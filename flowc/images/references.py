"""Names of images, as `docker pull` and Kubernetes read them: `[HOST/]NAME[:TAG][@DIGEST]`.

A name without a host is Docker Hub's, and one without a slash is in its
`library/` (distribution's package `reference`).
"""

from __future__ import annotations

from flowc.compiler.fast_start.record import record
from flowc.terminal import Failure

HUB, HUB_SERVER = "docker.io", "registry-1.docker.io"
_LOWER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_TAG = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


@record
class Reference:
    """The name of an image in a registry."""

    host: str  # "docker.io", "127.0.0.1:5000"
    name: str  # "library/python"
    tag: str = ""
    digest: str = ""  # "sha256:…"

    @property
    def repository(self) -> str:
        """The name without tag and digest, such as `docker.io/library/python`."""
        return f"{self.host}/{self.name}"

    @property
    def wanted(self) -> str:
        """The part that a registry is asked for: the digest, else the tag."""
        return self.digest or self.tag or "latest"

    @property
    def server(self) -> str:
        """The host that answers for the registry."""
        return HUB_SERVER if self.host == HUB else self.host

    @property
    def is_loopback(self) -> bool:
        """True for a registry on this machine, which may speak HTTP without TLS, as for Docker and containerd."""
        host = self.host.rpartition(":")[0] if not self.host.endswith("]") and ":" in self.host else self.host
        return host in ("localhost", "[::1]") or host.startswith("127.")


def parse(text: str) -> Reference:
    """Returns the parts of an image's name. Raises Failure for an invalid one.

    >>> parse("python:3.12-slim")
    Reference(host='docker.io', name='library/python', tag='3.12-slim', digest='')
    >>> parse("127.0.0.1:5000/a/b").repository
    '127.0.0.1:5000/a/b'
    """
    rest, _, digest = text.strip().partition("@")
    first, slash, after = rest.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host, rest = first, after
    else:
        host = HUB
    name, colon, tag = rest.partition(":")
    if host == HUB and "/" not in name:
        name = f"library/{name}"
    if not (_is_host(host) and all(map(_is_part, name.split("/")))):
        raise Failure(f"`{text}` is not the name of an image: write `[HOST/]NAME[:TAG]`, in lower case")
    if colon and not (0 < len(tag) <= 128 and set(tag) <= _TAG and tag[0] not in ".-"):
        raise Failure(f"`{tag}` in `{text}` is not a valid tag")
    if "@" in text and not is_digest(digest):
        raise Failure(f"`{digest}` in `{text}` is not a digest: it must be `sha256:` and 64 hexadecimal digits")
    return Reference(host, name, tag, digest)


def repository(text: str) -> Reference:
    """Returns the reference of a repository. Raises Failure if the text is invalid, or names a tag or a digest."""
    reference = parse(text)
    if reference.tag or reference.digest:
        raise Failure(f"`{text}` names a single image: leave out the tag and the digest of a repository")
    return reference


def is_digest(text: str) -> bool:
    """Returns True for the text of a SHA-256 digest."""
    name, _, value = text.partition(":")
    return name == "sha256" and len(value) == 64 and set(value) <= set("0123456789abcdef")


def _is_host(host: str) -> bool:
    return bool(host) and all(
        character.isascii() and (character.isalnum() or character in ".-:[]") for character in host
    )


def _is_part(part: str) -> bool:
    """Returns True for a component of a name (distribution-spec, Pulling manifests)."""
    return (
        bool(part)
        and part[0] in _LOWER
        and part[-1] in _LOWER
        and all(character in _LOWER or character in "._-" for character in part)
    )
