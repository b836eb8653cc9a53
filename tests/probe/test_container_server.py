"""A server in a container without Python, by a process table of the test: what its shell finds, and what it is sent."""

import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.engine.attached import AttachedStreams
from layerscope.engine.client import Engine
from layerscope.probe.container_server import ContainerServer

MARK: Final = "layerscope-1"
PORT: Final = 8000
IGNORED, HANDLED, BLOCKED = (
    "SigBlk:\t0000000000000000\nSigCgt:\t0000000000010000\n",
    "SigBlk:\t0000000000000000\nSigCgt:\t0000000000004002\n",
    "SigBlk:\t0000000000004002\nSigCgt:\t0000000000000000\n",
)
"""States of a first process: a shell that waits, a program with handlers, and one that takes signals in turn."""

APPLETS: Final = ("cat", "head", "tr", "grep", "readlink")
"""Programs of a small image, which has no tail."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The folder of a process that writes nothing yet, and is minded of no signal."""
    folder = tmp_path / "proc/1"
    for name in ("fd", "fdinfo"):
        (folder / name).mkdir(parents=True)
    (folder / "cmdline").write_bytes(b"serve\0--log-level\0error\0")
    (folder / "environ").write_bytes(b"LOG_LEVEL=error\0API_KEY=sesame\0")
    (folder / "status").write_text("Name:\tserve\n" + IGNORED)
    return folder


def put_file(table: Path, number: int, name: str, content: bytes, flags: str = "0100001") -> str:
    """A file that the process holds open; its path."""
    path = table.parents[1] / name
    path.write_bytes(content)
    (table / f"fd/{number}").symlink_to(path)
    (table / f"fdinfo/{number}").write_text(f"pos:\t0\nflags:\t{flags}\n")
    return str(path)


class Asked:
    """The engine of the test: shells that see that table, and signals that are kept."""

    def __init__(self, folder: Path, programs: Path | None) -> None:
        """Nothing has been asked."""
        self.folder, self.programs = folder, programs
        self.runs = 0
        self.signals: list[str] = []

    def read_output(self, _engine: Engine, _name: str, command: Sequence[str], **_limits: Any) -> bytes:
        """What that command prints."""
        self.runs += 1
        *shell, script = command
        environment = {"PATH": str(self.programs) if self.programs else os.environ["PATH"]}
        words = [*shell, script.replace("/proc/", f"{self.folder}/proc/")]
        own = self.folder / "proc/2"
        own.mkdir()
        (own / "cmdline").write_bytes(b"".join(word.encode() + b"\0" for word in words))
        return subprocess.run(words, env=environment, stdout=subprocess.PIPE, check=False, timeout=60).stdout

    def kill(self, _engine: Engine, _name: str, signal: str) -> None:
        """Keep the signal's name."""
        self.signals.append(signal)


def make_server(folder: Path, monkeypatch: pytest.MonkeyPatch, programs: Path | None = None) -> tuple[Any, Asked]:
    """A server whose engine is the test's; without `programs`, its image has those of this host."""
    asked = Asked(folder, programs)
    monkeypatch.setattr("layerscope.probe.container_server.read_output", asked.read_output)
    monkeypatch.setattr("layerscope.probe.container_server.containers.kill", asked.kill)
    near, far = socket.socketpair()
    far.close()
    engine: Any = None
    server = ContainerServer(engine, "c", AttachedStreams(near), shell=("/bin/sh",), relay=())  # noqa: S604
    monkeypatch.setattr(server, "wait", lambda _seconds: None)
    return server, asked


@pytest.fixture(params=["host", "small", "none"])
def programs(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Those of this host, those of a small image, and readlink and grep alone."""
    if request.param == "host":
        return None
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in APPLETS if request.param == "small" else ("cat", "readlink", "grep"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def test_all_that_is_told_of_a_log_comes_of_one_run(
    table: Path, tmp_path: Path, programs: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files with a request in them, those with a log's name, and what holds a log back; no database, and no secret."""
    store = tmp_path / "store"
    store.mkdir()
    for name in ("CURRENT", "MANIFEST-000002"):
        (store / name).touch()
    put_file(table, 9, "000003.log", b"")
    put_file(table, 10, "store/LOG.log", f"GET /{MARK}".encode())
    text = put_file(table, 3, "today", f"GET /{MARK} 404\n".encode())
    empty = put_file(table, 4, "server.log", b"")
    put_file(table, 5, "requests", b"SQLite format 3\0" + MARK.encode())
    put_file(table, 6, "binary.log", b"\0\n" + MARK.encode())
    put_file(table, 7, "requests.db", MARK.encode())
    put_file(table, 8, "read.log", MARK.encode(), flags="0100000")
    server, asked = make_server(tmp_path, monkeypatch, programs)
    told = server.describe_log([MARK], 3.0, PORT)
    has_all = programs is None or (programs / "tr").exists()
    assert asked.runs == 1
    assert told["log_settings"] == ["LOG_LEVEL=error", "--log-level error"]
    assert "sesame" not in str(told)
    assert told["is_in_file"] == has_all
    named = [text, empty] if has_all else [str(tmp_path / "binary.log"), empty]
    assert told["log_files"] == named
    assert told["is_text"] == has_all


def test_a_text_that_tells_of_no_request_is_known_from_an_empty_file(
    table: Path, tmp_path: Path, programs: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As far as the image has what tells; only that one may be replaced by a link."""
    empty, text = put_file(table, 3, "a.log", b""), put_file(table, 4, "b.log", b"loading\n")
    server, _ = make_server(tmp_path, monkeypatch, programs)
    told = server.describe_log([MARK], 3.0, PORT)
    is_known = programs is None or (programs / "tr").exists()
    assert told["log_files"] == ([text, empty] if is_known else [empty, text])
    assert (told["is_in_file"], told["is_text"]) == (False, is_known)


def test_an_output_that_goes_nowhere_is_told(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both streams do."""
    for number in (1, 2):
        (table / f"fd/{number}").symlink_to("/dev/null")
    server, _ = make_server(tmp_path, monkeypatch)
    assert server.describe_log([MARK], 3.0, PORT)["is_discarded"]


@pytest.mark.parametrize(("port", "is_told"), [(PORT, True), (6379, False)], ids=["the server", "another"])
def test_of_other_processes_it_is_told_where_they_listen_on_the_port(
    port: int, *, is_told: bool, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon beside the server may be quiet."""
    folder = tmp_path / "proc/7"
    (folder / "fd").mkdir(parents=True)
    for number, place in enumerate(("/dev/null", "/dev/null", "/dev/null", "socket:[4242]")):
        (folder / f"fd/{number}").symlink_to(place)
    (tmp_path / "proc/net").mkdir()
    address, rest = f"00000000:{port:04X} 00000000:0000", "00000000:00000000 00:00000000 00000000 0 0 4242 1"
    heading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    (tmp_path / "proc/net/tcp").write_text(f"{heading}   0: {address} 0A {rest}\n")
    server, _ = make_server(tmp_path, monkeypatch)
    told = server.describe_log([MARK], 3.0, PORT)
    assert told.get("is_discarded", False) == is_told
    assert table.exists()


@pytest.mark.parametrize(
    ("state", "signals"),
    [
        (IGNORED, []),
        (HANDLED, ["INT", "TERM"]),
        (BLOCKED, ["INT", "TERM"]),
        ("", ["INT", "TERM"]),
        ("SigCgt:\t?", None),
    ],
    ids=["ignored", "handled", "blocked", "not told", "not read"],
)
def test_a_first_process_is_sent_no_signal_that_it_does_not_mind(
    state: str, signals: list[str] | None, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel keeps those from it, and to wait for its end would be in vain."""
    (table / "status").write_text("Name:\tserve\n" + state)
    server, asked = make_server(tmp_path, monkeypatch)
    server.describe_log([MARK], 3.0, PORT)
    server.interrupt(0.0)
    assert asked.signals == (["INT", "TERM"] if signals is None else signals)
