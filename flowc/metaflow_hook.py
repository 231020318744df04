"""`import metaflow` where Metaflow is not installed: flowc's own API takes its place.

Installed beside the package as the module `flowc_metaflow_hook`, which the line in `flowc_metaflow.pth` imports whenever Python starts in
this environment. So it does next to nothing: it puts one finder behind all others, which is only asked for names that nobody else has.
With `FLOWC_METAFLOW=0` in the environment even that finder does nothing.
"""

import sys


class MetaflowFallback:
    """A finder (importlib, meta path finders) that knows `metaflow` alone, and makes way for any other that knows it too."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != "metaflow":
            return None
        import os

        if os.environ.get("FLOWC_METAFLOW") == "0":
            return None
        for finder in sys.meta_path[
            sys.meta_path.index(cls) + 1 :
        ]:  # an editable install of Metaflow may have put its own there
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        from flowc.runtime_shim.api import metaflow_alias

        return metaflow_alias.fallback().find_spec(name)


def install():  # type: ignore[no-untyped-def]
    """Puts the finder behind all others, once."""
    if not any(getattr(each, "__name__", "") == MetaflowFallback.__name__ for each in sys.meta_path):
        sys.meta_path.append(MetaflowFallback)  # type: ignore[arg-type]


if __name__ == "flowc_metaflow_hook":
    install()
