"""`flowc ui`: the pages of runs, live, in a browser."""

from __future__ import annotations

import os

from .. import datastore
from ..options import Option, Usage, parse
from ..terminal import Failure, Output

USAGE = ("flowc ui [OPTIONS]",)
TEXT = """
Serves the pages of all runs of a datastore to a browser on this machine: the list of runs, each run as `flowc report`
shows it, live, and a comparison of up to four. It reads the datastore with your credentials and writes nothing. Only
those who have the address that it prints can read it. Ctrl-C stops it.
"""
OPTIONS = (
    Option("--port", "the port on loopback", "N", default="one that is free"),
    Option("--open", "open a browser"),
    *datastore.OPTIONS[:1],
    *datastore.OPTIONS[2:],
)
EXAMPLES = (
    ("flowc ui --open", "the runs of the datastore here"),
    ("flowc ui --store s3://bucket/flows", "of a bucket"),
)


def run(argv: list[str], out: Output) -> int:
    from flowc.runtime_shim.contract.errors import ShimError

    arguments = parse(argv, OPTIONS)
    if arguments.positional:
        raise Usage(f"unexpected argument `{arguments.positional[0]}`")
    port = arguments.integer("--port", 0, least=0)
    url = datastore.url_of(arguments)
    if "://" not in url and not os.path.isdir(url):
        raise Failure(f"there is no datastore in {url}")
    from ..pages.server import serve

    try:
        return serve(url if "://" in url else os.path.abspath(url), port, out, opens=arguments.flag("--open"))
    except ShimError as error:
        raise Failure(str(error)) from None
