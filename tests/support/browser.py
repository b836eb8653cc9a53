"""A real browser without a window, spoken to over its debugging pipe.

https://chromedevtools.github.io/devtools-protocol/
"""

import json
import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from time import monotonic
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
PATIENCE: Final = 120
"""Seconds for one answer; a machine may be busy."""

_OPTIONS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--remote-debugging-pipe",
)


def find_browser() -> str | None:
    """The browser of this host, if it has one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One page in the browser: what it asked for, what it complained about, and what can be done with it."""

    def __init__(self, process: "subprocess.Popen[bytes]", write: int, read: int) -> None:
        """Open an empty page."""
        self.process = process
        self.requests: list[str] = []
        """Every address that the page asked for, its own included."""
        self.complaints: list[str] = []
        """Errors of scripts, refused by the policy or thrown, and all that was written to the console."""
        self.dialogs: list[str] = []
        """What a script asked the person, as `alert` does."""
        self._write, self._read, self._buffer = write, read, b""
        self._number, self._session = 0, ""
        self._events: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and wait for its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, path: Path, *, width: int = 1280, height: int = 800, is_dark: bool = False) -> None:
        """Show a file in a window of that size, until it and its script have loaded."""
        self.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self._events.clear()
        self.send("Page.navigate", url=path.resolve().as_uri())
        while "Page.loadEventFired" not in self._events:
            self._receive()

    def resize(self, width: int, height: int) -> None:
        """Make the window that large."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        told = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression counts as true."""
        end = monotonic() + PATIENCE
        while not self.ask(f"Boolean({expression})"):
            assert monotonic() < end, f"{expression} did not come true"
            self.ask("new Promise((resolve) => setTimeout(resolve, 30))")

    def click(self, selector: str) -> None:
        """Press and release the mouse in the middle of an element, as a person does."""
        find = f"document.querySelector({json.dumps(selector)})"
        self.ask(f"{find}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        box = self.ask(f"(() => {{const box = {find}.getBoundingClientRect(); return [box.x, box.y, box.width]}})()")
        place = {"x": box[0] + min(box[2] / 2, 20), "y": box[1] + 8, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, **place)

    def press(self, key: str) -> None:
        """Press a key: a sign, or `Enter`, `Escape`, `ArrowDown`."""
        codes = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        told = {"key": key, "windowsVirtualKeyCode": codes.get(key, 0)}
        self.send("Input.dispatchKeyEvent", type="keyDown", text=text, **told)
        self.send("Input.dispatchKeyEvent", type="keyUp", **told)

    def write(self, text: str) -> None:
        """Put text where the cursor is."""
        self.send("Input.insertText", text=text)

    def photograph(self, path: Path) -> None:
        """Save what the window shows as PNG."""
        path.write_bytes(b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            assert select([self._read], [], [], PATIENCE)[0], "the browser does not answer"
            chunk = os.read(self._read, 1 << 20)
            assert chunk, "the browser has gone"
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, event: str, told: dict[str, Any]) -> None:
        self._events.append(event)
        if event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"]))
        elif event == "Runtime.consoleAPICalled":
            self.complaints.append(json.dumps(told["args"]))
        elif event == "Log.entryAdded":
            self.complaints.append(told["entry"]["text"])
        elif event == "Page.javascriptDialogOpening":
            self.dialogs.append(told["message"])
            self._number += 1
            close = {"id": self._number, "method": "Page.handleJavaScriptDialog", "params": {"accept": False}}
            os.write(self._write, json.dumps({**close, "sessionId": self._session}).encode() + b"\0")


@contextmanager
def start_browser(program: str, folder: Path) -> Iterator[Tab]:
    """An empty page in a browser of its own, whose profile lies in `folder`."""
    to_browser, from_browser = os.pipe(), os.pipe()
    shift = 'exec 3<&"$1" 4>&"$2"; shift 2; exec "$@"'
    ends = (str(to_browser[0]), str(from_browser[1]))
    process = subprocess.Popen(
        ["bash", "-c", shift, "bash", *ends, program, *_OPTIONS, f"--user-data-dir={folder}", "about:blank"],
        pass_fds=(to_browser[0], from_browser[1]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser[0])
    os.close(from_browser[1])
    try:
        yield Tab(process, to_browser[1], from_browser[0])
    finally:
        os.close(to_browser[1])
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()
        os.close(from_browser[0])
