"""Cases are run through the command line, logged in, and held to what always holds.

Every case: the exit code and the words that its table says, no traceback, an end within the time limit, and nothing of
what lets us in on standard output, on standard error (under --debug, too), or in any byte of the cache.
"""

import base64
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli.main import run
from layerscope.sources.registry import retry_wait, tls_probe
from support.hostile import NAME, PASSWORD, PROXY_PASSWORD, Attack, Case
from support.registry_server import Registry, pack_password, serve_registry

TIME_LIMIT: Final = 50.0
"""Seconds after which a case hangs: each takes a fraction of one, and every time-out that it could wait for more."""

SECRETS: Final = (
    PASSWORD.encode(),
    base64.b64encode(f"tester:{PASSWORD}".encode()).rstrip(b"=")[:-1],
    b"let-me-in",
    b"refresh-me",
    PROXY_PASSWORD.encode(),
)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nobody waits long before another try, no proxy is in the way, and there is nothing at home."""
    monkeypatch.setattr(tls_probe, "PROBE_SECONDS", 0.1)
    monkeypatch.setattr(retry_wait, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(retry_wait, "LONGEST_WAIT", 0.002)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """An empty registry that lets in nobody but us, who are logged in there."""
    with serve_registry() as server:
        server.user, server.password = "tester", PASSWORD
        log_in(server, tmp_path)
        yield server


def log_in(server: Registry, tmp_path: Path) -> None:
    """Write down our name and password for a registry, as `docker login` does."""
    folder = tmp_path / "home" / ".docker"
    folder.mkdir(parents=True, exist_ok=True)
    entry = {"auth": pack_password("tester", PASSWORD)}
    (folder / "config.json").write_text(json.dumps({"auths": {server.address: entry}}))


@pytest.fixture
def attack(registry: Registry, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Attack:
    """Runs a case for a program and, with tracebacks, for a person; returns what the first of them was told."""

    def ask(case: Case, *options: str) -> tuple[int, str, str]:
        name = f"{NAME}@{case.digest}" if case.digest else f"{NAME}:1"
        image, cache = f"registry:{registry.address}/{name}", tmp_path / "cache"
        capfdbinary.readouterr()
        began = time.monotonic()
        code = run([case.command, image, "--cache-dir", str(cache), "--jobs", "1", *case.options, *options])
        out, err = capfdbinary.readouterr()
        assert time.monotonic() - began < TIME_LIMIT
        for secret in SECRETS:
            assert secret.lower() not in (out + err).lower()
            assert not any(secret in path.read_bytes() for path in iter_files(cache))
        return code, out.decode(), " ".join(err.decode().split())

    def check(case: Case) -> str:
        case.arrange(registry)
        code, out, err = ask(case, "-o", "json")
        assert (code, "Traceback" in err) == (case.code, False), err + out[-600:]
        assert case.words in f"{err} {out}"
        assert bool(out) == (code in {0, 1} or out.startswith("{"))
        ask(case, "--debug")
        return f"{err} {out}"

    return check


def iter_files(folder: Path) -> Iterator[Path]:
    """Every file below a folder."""
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)
