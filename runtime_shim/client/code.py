"""The code package of a run, as Metaflow's client shows it (`Run.code`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Optional, Tuple

if TYPE_CHECKING:
    import tarfile

    from .datastore import Datastore


class MetaflowCode:
    """The flow's files as they were when the run began. They are read and checked on first use."""

    def __init__(self, datastore: Datastore, flow: str, digest: str) -> None:
        self._datastore, self._flow, self._digest = datastore, flow, digest

    @classmethod
    def of_run(cls, datastore: Datastore, flow: str, run: str, digest: str = "") -> Optional[MetaflowCode]:
        digest = digest or str((datastore.run(flow, run) or {}).get("code") or "")
        return cls(datastore, flow, digest) if digest else None

    @property
    def path(self) -> str:
        """The location of the package."""
        from flowc.runtime_shim.contract import address

        return f"{self._datastore.url}/{address.code_name(self._flow, self._digest)}"

    @property
    def info(self) -> Dict[str, Any]:
        """The package's flow, script, digest and files."""
        return {
            "flow_name": self._flow,
            "script": self.script_name,
            "digest": self._digest,
            "files": sorted(self.tarball.getnames()),
        }

    @property
    def tarball(self) -> tarfile.TarFile:
        import io
        import tarfile

        return tarfile.open(fileobj=io.BytesIO(self._datastore.package(self._flow, self._digest)))

    @property
    def script_name(self) -> str:
        """The name of the flow's file."""
        return str(self._datastore.graph_of(self._flow, self._digest).flow["file"])

    @property
    def flowspec(self) -> str:
        """The source of the flow's file."""
        return self._file(self.script_name).decode("utf-8", "replace")

    def extract(self) -> Any:
        """Returns a temporary folder with the package's files.

        It is a `tempfile.TemporaryDirectory`, which vanishes with the object.
        """
        import tempfile

        from flowc.runtime_shim.contract import code_package

        folder = tempfile.TemporaryDirectory(prefix="flowc-code-")
        code_package.unpack(self._datastore.package(self._flow, self._digest), folder.name)
        return folder

    def _file(self, name: str) -> bytes:
        file = self.tarball.extractfile(name)
        assert file is not None
        return file.read()

    def __str__(self) -> str:
        return f"<MetaflowCode: {self.script_name}>"

    __repr__ = __str__

    def __reduce__(self) -> Tuple[Any, ...]:
        return _rebuilt, (self._datastore.url, self._flow, self._digest)


def _rebuilt(url: str, flow: str, digest: str) -> MetaflowCode:
    from .datastore import open_datastore

    return MetaflowCode(open_datastore(url), flow, digest)
