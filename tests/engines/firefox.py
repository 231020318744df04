"""A second browser, without a screen: Debian's Firefox, driven by its own protocol, Marionette, which needs no package."""

from __future__ import annotations

import itertools
import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

from tests.support.running import until

from .kubernetes.build import debian


class Firefox:
    """A running Firefox with one window. A context manager."""

    def __init__(self, profile: Path, dark: bool = False) -> None:
        if not shutil.which("firefox-esr"):
            debian(["firefox-esr"])
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        profile.mkdir(parents=True, exist_ok=True)
        preferences: dict[str, Any] = {
            "marionette.port": port, "ui.systemUsesDarkTheme": int(dark), "browser.shell.checkDefaultBrowser": False,
        }  # fmt: skip
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items())
        (profile / "user.js").write_text("\n".join(lines) + "\n")
        # what reads the console of all pages is not for pages
        flags = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", str(profile)]
        self._process = subprocess.Popen(["firefox-esr", *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._numbers = itertools.count(1)

        def connected() -> socket.socket | None:
            assert self._process.poll() is None, "Firefox has ended"
            try:
                return socket.create_connection(("127.0.0.1", port))
            except OSError:
                return None

        self._socket = until(connected, "Firefox listens", seconds=120, every=0.2)
        assert self._socket is not None
        self._reading = self._socket.makefile("rb")
        self._receive()
        self._call("WebDriver:NewSession", capabilities={})

    def __enter__(self) -> Firefox:
        return self

    def __exit__(self, *_: object) -> None:
        self._reading.close()
        if self._socket is not None:
            self._socket.close()
        self._process.terminate()
        self._process.wait(60)

    def go(self, url: str) -> None:
        self._call("WebDriver:SwitchToFrame")
        self._call("WebDriver:Navigate", url=url)

    def value(self, script: str) -> Any:
        """Returns what the expression gives in the page."""
        return self._call("WebDriver:ExecuteScript", script=f"return {script}", args=[])["value"]

    def until(self, script: str) -> Any:
        """Waits for the expression to be true in the page; returns its value."""
        return until(lambda: self.value(script), script, seconds=60, every=0.1)

    def press(self, key: str) -> None:
        """Presses a key, as a person does."""
        keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self._call("WebDriver:PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": keys}])

    def in_frame(self, index: int, script: str) -> Any:
        """Returns what the expression gives in a frame of the page."""
        self._call("WebDriver:SwitchToFrame", id=index)
        value = self.value(script)
        self._call("WebDriver:SwitchToFrame")
        return value

    def complaints(self, *words: str) -> list[str]:
        """Returns the errors of pages in the console so far that have one of the words, and forgets all of them."""
        self._call("Marionette:SetContext", value="chrome")
        script = (
            "Services.console.getMessageArray().filter((entry) => entry instanceof Ci.nsIScriptError && "
            "!(entry.flags & Ci.nsIScriptError.warningFlag)).map((entry) => entry.sourceName + ': ' + entry.errorMessage)"
        )
        messages = self.value(script)
        self.value("Services.console.reset()")
        self._call("Marionette:SetContext", value="content")
        return [message for message in messages if any(word in message for word in words)]

    def _call(self, name: str, **words: Any) -> Any:
        number = next(self._numbers)
        message = json.dumps([0, number, name, words]).encode()
        assert self._socket is not None
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, answered, error, result = self._receive()
        assert answered == number and error is None, (name, error)
        return result

    def _receive(self) -> Any:
        length = b""
        while (byte := self._reading.read(1)) != b":":
            assert byte, "Firefox has hung up"
            length += byte
        return json.loads(self._reading.read(int(length)))
