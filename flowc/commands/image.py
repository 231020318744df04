"""`flowc image build|push`: images that hold the locked environments of a flow, made without Docker."""

from __future__ import annotations

import os

from flowc.compiler.report.diagnostics import Refused
from flowc.targets.target import IMAGE

from .. import files
from ..environments import locks, requests, shown
from ..flow_source import FLOW, ISOLATED, WITH, load_flow, placed
from ..images import recorded
from ..options import Arguments, Option, Usage, parse
from ..settings import NONE, settings_for
from ..source_options import OPTIONS as SOURCE
from ..source_options import compile_inputs
from ..terminal import Failure, Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from flowc.compiler.ir.nodes import Flow
    from flowc.compiler.pipeline import Program

    from ..environments.build import Archive
    from ..environments.pylock import Lock
    from ..images.build import Finished, Order
    from ..images.recorded import Built

USAGE = (
    "flowc image build FLOW.py [--output LAYOUT] [OPTIONS]",
    "flowc image push FLOW.py --repository NAME [OPTIONS]",
)
TEXT = """
Makes an image for each environment that is locked for Linux: the image that the steps would run in, and a layer with
the packages. It needs neither Docker nor a daemon, and the same lock gives the same digests. `push` uploads the images
to a repository. `build` only computes them, and writes them to disk with `--output`. Both write the digests to
FLOW.lock/images.json, which `flowc compile --environments image` reads: commit it with the lock.
"""
OPTIONS = (
    Option("--repository", "the repository in a registry to push to, such as registry.example.com/team/flows", "NAME"),
    Option("--output", "write an OCI image layout: a folder, or a file if the name ends in .tar", "LAYOUT", "-o"),
    Option("--image", "the image of steps that name none, as for `compile`", "IMAGE", default=IMAGE),
    Option(
        "--base",
        "read that image, or the one with this NAME, from here: another registry, or an OCI layout on disk",
        "[NAME=]IMAGE",
        repeated=True,
    ),
    Option("--platform", "only these platforms of the lock, with commas", "PLATFORMS"),
    Option("--code", "add the flow's code package, so that tasks fetch none"),
    Option("--upgrade", "take the newest base images, instead of those in images.json"),
    Option("--store", "take archives from this datastore if `environment build` has written them", "URL"),
    FLOW,
    WITH,
    ISOLATED,
    *SOURCE,
    Option("--quiet", "print only problems", short="-q"),
)
EXAMPLES = (
    ("flowc image push FLOW.py --repository registry.example.com/team/flows", "before a deployed flow runs"),
    ("flowc image build FLOW.py --output images.tar", "for a site without a network"),
    ("flowc image build FLOW.py --base mirror.example.com/python:3.12-slim", "with a mirror of the base image"),
)


def run(argv: list[str], out: Output) -> int:
    arguments = parse(argv, OPTIONS)
    words = arguments.positional
    if words[:1] not in (("build",), ("push",)):
        raise Usage("`flowc image` has two commands, `build` and `push`", "write `flowc image push FLOW.py`")
    if len(words) != 2:
        raise Usage("the flow's file is missing" if len(words) < 2 else f"unexpected argument `{words[2]}`")
    command, path = words
    isolated = arguments.flag("--isolated")
    settings = (NONE if isolated else settings_for(path)).options
    repository = arguments.text("--repository") or settings.get("repository", "")
    if command == "push" and not repository:
        raise Usage("`flowc image push` needs a repository", "give `--repository REGISTRY/NAME`")
    if command == "push" and arguments.text("--output"):
        raise Usage("`--output` is an option of `flowc image build`", "leave it out, or write `flowc image build`")
    program = load_flow(path, arguments.text("--flow"), arguments.all("--with"), isolated, compile_inputs(arguments))
    read = locks.read_all(path, program.flow.name)
    problems = [*requests.unlockable_of(program.flow, path, settings)]
    problems += locks.problems(program.flow, path, settings, read)
    if problems:
        raise Refused(*placed(program, path, problems))
    image = arguments.text("--image") or settings.get("image", "") or IMAGE
    orders = _orders(program.flow, path, locks.of_steps(program.flow, path, settings, read), image, arguments)
    if not orders:
        _say(arguments, out, "the flow asks for no packages")
        return 0
    bases = _bases(arguments.all("--base"), image, {order.image for order in orders})
    built = _build(orders, program, path, bases, repository if command == "push" else "", arguments, out)
    _record(built, program.flow, path, arguments, out)
    return 0


def _orders(
    flow: Flow, path: str, of_steps: dict[str, tuple[Lock, ...]], image: str, arguments: Arguments
) -> list[Order]:  # fmt: skip
    """Returns the images to build. Raises Failure for a platform that the flow is not locked for."""
    from ..images.build import Order
    from ..images.delivery import images_of

    only = tuple(platform.strip() for platform in arguments.text("--platform").split(",") if platform.strip())
    steps: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    chosen: dict[tuple[str, tuple[str, ...]], tuple[Lock, ...]] = {}
    for step in flow.steps:
        if step.name not in of_steps:
            continue
        by_platform = {lock.platform.name: lock for lock in of_steps[step.name]}
        missing = [platform for platform in only if platform not in by_platform]
        if missing or not by_platform:
            names = ",".join(sorted({*by_platform, *(missing or ["linux/amd64"])}))
            raise Failure(
                f"the packages of step `{step.name}` are not locked for {', '.join(missing) or 'Linux'}: "
                f"run `flowc lock {path} --platform {names}`"
            )
        fitting = tuple(by_platform[name] for name in sorted(by_platform) if not only or name in only)
        for own in images_of(step, image):
            key = (own, tuple(lock.environment for lock in fitting))
            steps.setdefault(key, []).append(step.name)
            chosen[key] = fitting
    return [Order(key[0], chosen[key], tuple(names)) for key, names in steps.items()]


def _bases(texts: tuple[str, ...], image: str, used: set[str]) -> dict[str, str]:
    """Returns what `--base` says: the name of an image in the flow → where to read it. Raises Usage for other names."""
    bases = {}
    for text in texts:
        name, equals, place = text.partition("=")
        if not equals or text.startswith(("/", "./", "../")):
            name, place = image, text
        if name not in used or not place:
            raise Usage(f"`--base {text}` names no image that a step runs in", "they are " + ", ".join(sorted(used)))
        bases[name] = place
    return bases


def _build(
    orders: list[Order],
    program: Program,
    path: str,
    instead: dict[str, str],
    repository: str,
    arguments: Arguments,
    out: Output,
) -> list[Built]:
    from ..images import build, layout, references
    from ..images.registry import Repository

    to = Repository(references.repository(repository)) if repository else None
    written = layout.Written(arguments.text("--output")) if arguments.text("--output") else None
    bases = build.Bases(instead)
    earlier = {} if arguments.flag("--upgrade") else _earlier(path)
    code, digest = _code(program) if arguments.flag("--code") else (None, "")
    archive = _archives(arguments, out)
    images = []
    for order in orders:
        finished = build.finish(
            order, bases, archive, (code, digest) if code is not None else None, earlier.get(order.image, "")
        )
        added = sum(len(layer.data) for part in finished.parts for layer in part.layers)
        note = f"{finished.digest}, {shown.size(added)} on its base"
        if to is not None:
            sent = build.push(finished, bases, order.image, to)
            note = f"{repository}@{finished.digest}, " + (f"{shown.size(sent)} uploaded" if sent else "exists")
        if written is not None:
            build.write(finished, bases, order.image, build.tag_of(finished.digest), written)
        _say(arguments, out, f"{order.shown}: {note}")
        images.append(_built(order, finished, program.flow.name, digest))
    if written is not None:
        written.finish()
    return images


def _built(order: Order, finished: Finished, flow: str, code: str) -> Built:
    environments = tuple(sorted((lock.platform.name, lock.environment) for lock in order.locks))
    return recorded.Built(flow, order.image, finished.base, environments, code, finished.digest)


def _earlier(path: str) -> dict[str, str]:
    """Returns the digest of each base image that images.json names; a damaged file counts as none."""
    try:
        return {built.image: built.base for built in recorded.read(path)}
    except recorded.Damaged:
        return {}


def _code(program: Program) -> tuple[dict[str, bytes], str]:
    from flowc.compiler.ir.json_form import to_json
    from flowc.compiler.package.archive import IR_NAME

    from ..targeting import package_of

    contents = {**program.files, IR_NAME: to_json(program.flow, program.scope).encode()}
    return contents, package_of(program).digest


def _archives(arguments: Arguments, out: Output) -> Callable[[Lock], Archive]:
    """Returns a function that builds an archive once, or takes it from `--store`."""
    from ..environments.build import build

    archives: dict[str, Archive] = {}

    def archive(lock: Lock) -> Archive:
        if lock.environment not in archives:
            packed = _stored(arguments.text("--store"), lock)
            if packed is None:
                _say(
                    arguments, out, f"environment `{lock.name}` for {lock.platform.name}: {shown.packages(lock.count)}"
                )
                packed = build(lock)
            archives[lock.environment] = packed
        return archives[lock.environment]

    return archive


def _stored(url: str, lock: Lock) -> Archive | None:
    """Returns the archive in the datastore; None if it is missing. Raises Failure if it is damaged."""
    if not url:
        return None
    import hashlib

    from flowc.runtime_shim.contract.errors import ShimError
    from flowc.runtime_shim.environments import description
    from flowc.runtime_shim.store import open_store

    from ..environments.build import Archive

    try:
        store = open_store(url)
        about = description.read(store, lock.environment)
        data = store.get(description.archive_name(lock.environment)) if about is not None else None
    except ShimError as error:
        raise Failure(str(error)) from None
    if about is None or data is None:
        return None
    chunks = [data[at : at + description.CHUNK] for at in range(0, len(data), description.CHUNK)]
    if [hashlib.sha256(chunk).hexdigest() for chunk in chunks] != about.chunks:
        raise Failure(f"{description.archive_name(lock.environment)} in {url} is damaged: build it with `--again`")
    return Archive(data, about)


def _record(built: list[Built], flow: Flow, path: str, arguments: Arguments, out: Output) -> None:
    """Writes the digests to images.json; those of other flows in the file stay."""
    try:
        before = recorded.read(path)
    except recorded.Damaged:
        before = ()
    place = recorded.path_of(path)
    text = recorded.dumps((*(image for image in before if image.flow != flow.name), *built)).encode()
    changed = files.read(place) != text
    if changed:
        os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
        files.write(place, text)
    _say(arguments, out, f"{place}{'' if changed else ': unchanged'}")


def _say(arguments: Arguments, out: Output, text: str) -> None:
    if not arguments.flag("--quiet"):
        out.print(text)
