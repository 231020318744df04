"""Fixtures that several folders of tests share, and what is true of all of them."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator

import hypothesis
import pytest
from flowc.runtime_shim.api.current import current

from .engines import object_stores
from .engines.report import pytest_addoption as pytest_addoption
from .engines.report import pytest_terminal_summary as pytest_terminal_summary
from .support.garbage import SELDOM
from .support.s3_server import S3Server, s3_server


def pytest_configure() -> None:
    """Whoever starts the tests in the background of a script has them ignore Ctrl-C, and with them each process they start and interrupt."""
    gc.set_threshold(*SELDOM)
    # no property fails because the machine is busy
    hypothesis.settings.register_profile(
        "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("any machine")
    os.environ["FLOWC_DEBUG_PASSES"] = "1"  # the compiler validates its IR after each pass, in other processes too
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """One S3 server for the session; a test takes a prefix of its own."""
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def gs() -> Iterator[dict[str, str]]:
    """The environment in which gs:// reaches a server of Google Cloud Storage's protocol, one for the session."""
    with object_stores.gcs() as environment:
        yield environment


@pytest.fixture(scope="session")
def az() -> Iterator[dict[str, str]]:
    """The same for az:// and Azure's."""
    with object_stores.azure() as environment:
        yield environment


@pytest.fixture(autouse=True)
def no_task_is_running() -> Iterator[None]:
    """A test that runs a task in its own process leaves `current` set; the next test is in no run."""
    yield
    current._set()


def pytest_collection_finish() -> None:
    """What was collected stays."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)  # xdist looks at the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keeps tests of one engine together, so that it is started once (`--dist loadgroup`).

    The slowest engine begins first.
    """
    for item in items:
        if item.get_closest_marker("node"):
            item.add_marker(pytest.mark.xdist_group("node"))
        elif item.get_closest_marker("engine"):
            item.add_marker(
                pytest.mark.xdist_group(
                    "step-functions" if "step_functions" in item.nodeid.replace("-", "_") else "airflow"
                )
            )
    items.sort(key=lambda item: not item.get_closest_marker("node"))
