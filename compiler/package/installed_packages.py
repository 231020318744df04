"""The installed packages whose source decided what a flow is, as inputs of the compile."""

from __future__ import annotations

from ..ir.nodes import Input
from ..source.installed import origin_of
from .archive import sha256_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..source.sources import Sources


def packages(sources: Sources) -> Iterator[Input]:
    """Yields each package with its version, and the digest of the files that were read of it."""
    by_origin: dict[str, list[str]] = {}
    for path, folder in sorted(sources.used.items()):
        by_origin.setdefault(origin_of(folder, path), []).append(path)
    for origin, paths in sorted(by_origin.items()):
        text = "".join(f"{path}\n{len(sources.texts[path])}\n{sources.texts[path]}" for path in paths)
        digest = f"sha256:{sha256_of(text.encode('utf-8', 'surrogatepass'))}"
        yield Input("package", paths[0].partition("/")[0].removesuffix(".py"), origin, digest)
