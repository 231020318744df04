"""`import metaflow` without Metaflow: flowc's own API takes its place if Metaflow is not installed.

This file is installed beside the package as the module `flowc_metaflow_hook`. The line in `flowc_metaflow.pth` imports
it whenever Python starts in this environment. So it does almost nothing: it puts one finder behind all others, which
Python asks only for names that no other finder knows. `FLOWC_METAFLOW=0` in the environment disables the finder.
"""

import sys


class MetaflowFallback:
    """A finder (importlib, meta path finders) of `metaflow` alone. It defers to any other finder of that name."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != "metaflow":
            return None
        import os

        if os.environ.get("FLOWC_METAFLOW") == "0":
            return None
        # an editable install of Metaflow may have added its finder later
        for finder in sys.meta_path[sys.meta_path.index(cls) + 1 :]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        from flowc.runtime_shim.api import metaflow_alias

        return metaflow_alias.fallback().find_spec(name)


def install():  # type: ignore[no-untyped-def]
    """Puts the finder behind all others, once."""
    if not any(getattr(finder, "__name__", "") == MetaflowFallback.__name__ for finder in sys.meta_path):
        sys.meta_path.append(MetaflowFallback)  # type: ignore[arg-type]


if __name__ == "flowc_metaflow_hook":
    install()
