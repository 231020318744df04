"""The modules that every task needs, compiled, in one file.

`python -m flowc.runtime_shim.fast_start.one_file`, in the folder of the bundle, makes it there.

Python looks for a module in a folder, compares its compiled form with its source, and reads it, which for thirty small
modules takes as long as running them does. The file is for one version of Python and for the sources that it was made
of: the bundle's `__main__.py` (MAIN) takes it only if both are as they were, and imports the modules one by one
otherwise. All other modules are imported from their own files.

The file, `shim.cpython-312`: the number that Python gives its bytecode (4 bytes), the digest of the bundle (32), and in
the form of `marshal` the code of this module and a dict of groups: "" for every task, "file" and "s3" for a datastore
there. A group is, again in that form, a tuple of modules in the order in which they need one another, each its name,
its file relative to the folder, and its code. The groups hold what every task imports that continues another, and
nothing else: a test compares.

The plain version is a `__main__.py` of two lines, which imports the shim. Deleting this file costs 1.5 ms a task where
the files are in the page cache (processor time up to a usage error: 13.9 or 15.4 ms, where Python itself starts in 9
ms), and reads of forty files where they are not.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any, Dict, Iterable, Tuple

    Group = Tuple[Tuple[str, str, CodeType], ...]

_SHIM = "flowc.runtime_shim"
GROUPS = {
    "": [
        _SHIM, f"{_SHIM}.hooks", "flowc",
        *(
            f"{_SHIM}.{module}"
            for module in (
                "contract", "contract.errors", "contract.digest", "fast_start", "fast_start.threads",
                "contract.address", "fast_start.json_text", "store", "contract.record", "contract.logs", "task",
                "task.capture", "contract.semantics", "contract.decorator_names", "contract.graph", "artifacts",
                "artifacts.content", "artifacts.manifest", "user_code", "user_code.flowspec", "user_code.parameter",
                "contract.identity", "task.user_step", "task.transitions", "api", "api.running", "api.current",
                "contract.lineage", "contract.start", "task.beginning", "task.attempt", "task.attempt_number",
                "task.private_folder",
                "task.environment", "task.memory", "task.run_task", "api.metaflow_alias", "user_code.flow_module",
                "__main__", "contract.code_package", "fast_start.compile_module", "api.markers",
                "api.decorators", "api.names",
            )
        ),
    ],
    "file": [f"{_SHIM}.store.folder"],
    "s3": [
        f"{_SHIM}.{module}"
        for module in (
            "artifacts.prefetch", "store.read_ahead", "store.http", "store.credentials", "store.encoding",
            "store.blobs",
            "store.signature", "store.s3",
        )
    ],
}  # fmt: skip

MAIN = """import gc
import marshal
import sys
from _frozen_importlib_external import MAGIC_NUMBER

DIGEST = "{digest}"

gc.disable()
try:
    with open(f"{{__file__[:-11]}}shim.{{sys.implementation.cache_tag}}", "rb", 0) as file:
        data = file.read()
except OSError:
    data = b""
if data[:4] == MAGIC_NUMBER and data[4:36].hex() == DIGEST:
    code, groups = marshal.loads(data[36:])
    names = {{"__name__": "one_file"}}
    exec(code, names)
    names["load"](__file__[:-11], groups)

from flowc.runtime_shim.__main__ import start

start()
"""


def load(folder: str, groups: Dict[str, bytes]) -> None:
    """Creates the modules, as if each were imported from its file.

    `folder` is the bundle's, with a slash at its end.
    """
    from marshal import loads

    _load(folder, loads(groups[""]))
    scheme = os.environ.get("FLOWC_STORE", "").partition("://")
    group = groups.get(scheme[0] if scheme[1] else "file")
    if group is not None:
        _load(folder, loads(group))


def _load(folder: str, group: Group) -> None:
    from _frozen_importlib import ModuleSpec
    from _frozen_importlib_external import SourceFileLoader
    from _imp import _fix_co_filename  # type: ignore[attr-defined]

    module_type = type(sys)
    modules = []
    for name, file, code in group:
        if name in sys.modules:
            continue
        path = folder + file
        module = module_type(name)
        is_package = path.endswith("/__init__.py")
        loader = SourceFileLoader(name, path)
        spec = ModuleSpec(name, loader, origin=path, is_package=is_package)
        spec.has_location = True
        names = module.__dict__
        names.update(__spec__=spec, __loader__=loader, __file__=path, __package__=spec.parent)
        if is_package:
            names["__path__"] = spec.submodule_search_locations = [path[: -len("/__init__.py")]]
        sys.modules[name] = module
        _fix_co_filename(code, path)
        modules.append((name, module, code))
    for name, module, code in modules:  # after all exist, since the package `flowc` needs a module below it
        exec(code, module.__dict__)
        parent, _, own = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], own, module)


def digest(files: Iterable[Tuple[str, bytes]]) -> str:
    """Returns the digest of a bundle's files, given by path and content, without `__main__.py`."""
    from hashlib import sha256

    hasher = sha256()
    for name, data in sorted(files):
        if name != "__main__.py":
            hasher.update(f"{len(name.encode())} {len(data)} {name}".encode() + data)
    return hasher.hexdigest()


def make(folder: str) -> None:
    """Writes the file for this Python into the bundle's folder, and compiles every module to Python's cache."""
    import __future__

    import compileall
    import marshal
    from importlib.util import MAGIC_NUMBER
    from py_compile import PycInvalidationMode

    sources = {}
    for inside, _, files in os.walk(os.path.join(folder, "flowc")):
        for file_name in files:
            if file_name.endswith(".py"):
                path = os.path.join(inside, file_name)
                with open(path, "rb") as file:
                    sources[os.path.relpath(path, folder).replace(os.sep, "/")] = file.read()

    def code(path: str) -> Any:
        # as a compiler flag it needs no import
        flag, line = __future__.annotations, b"from __future__ import annotations\n"
        source = sources[path].replace(line, b"\n", 1)
        return compile(
            source, path, "exec", flag.compiler_flag if source != sources[path] else 0, dont_inherit=True, optimize=0
        )

    def group(names: Iterable[str]) -> bytes:
        modules = []
        for name in names:
            path = name.replace(".", "/")
            path = f"{path}/__init__.py" if f"{path}/__init__.py" in sources else f"{path}.py"
            modules.append((name, path, code(path)))
        return marshal.dumps(tuple(modules))

    own = code(f"{_SHIM.replace('.', '/')}/fast_start/one_file.py")
    data = marshal.dumps((own, {name: group(names) for name, names in GROUPS.items()}))
    target = os.path.join(folder, f"shim.{sys.implementation.cache_tag}")
    with open(f"{target}.tmp", "wb") as output:
        output.write(MAGIC_NUMBER + bytes.fromhex(digest(sources.items())) + data)
    os.replace(f"{target}.tmp", target)
    compileall.compile_dir(os.path.join(folder, "flowc"), quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


if __name__ == "__main__":
    make(os.getcwd())
