"""What holds for every test: a clean environment, a cache of its own, and no skip where all tests must run."""

import os
import signal
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

from support.images import BuiltImage, load_fixture, write_image

REQUIRED: Final = ("LAYERSCOPE_REQUIRE_ENGINE", "CI")
"""Set where container engines must be had and all tests must run: a skip is a failure."""

ENGINE_FIXTURES: Final = frozenset({"engine", "engine_host", "docker_engine", "containerd_engine", "podman_engine"})

UNSEEN: Final = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "LAYERSCOPE_COLOR")
"""Variables of the person who runs the tests that the program would heed."""

ImageWriter = Callable[[str, str], Path]

# no test is held to a time, for a machine may be busy
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# the same examples in every run that decides whether a change lands; new ones wherever people develop
settings.register_profile("repeatable", settings.get_profile("patient"), derandomize=True, database=None)
settings.load_profile("repeatable" if os.environ.get("CI") else "patient")

for _number, _handler in (
    (signal.SIGHUP, signal.SIG_DFL),
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGQUIT, signal.SIG_DFL),
):
    if signal.getsignal(_number) is signal.SIG_IGN:
        # so a shell and nohup start what they run in the background, and so would the programs start that tests stop
        signal.signal(_number, _handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses an engine or a browser, so that none can be forgotten."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        if ENGINE_FIXTURES & used:
            item.add_marker("engine")
        if "tab" in used:
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where all tests must run."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and is_everything_required():
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, although {' or '.join(REQUIRED)} is set: {report.longrepr}"
    return report


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the engines that tests started, once every worker is gone."""
    if not hasattr(config, "workerinput"):
        from support.live_engines import stop_engines

        stop_engines()


def is_everything_required() -> bool:
    """Whether this run may skip nothing."""
    return any(os.environ.get(name, "").lower() in {"1", "true", "yes"} for name in REQUIRED)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in UNSEEN:
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):  # a name that is not here would be asked for on the network
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def fixture_image(tmp_path_factory: pytest.TempPathFactory) -> ImageWriter:
    """Returns the path of a fixture image in a layout, built once: `fixture_image("demo", "oci-dir")`."""
    folder = tmp_path_factory.mktemp("images")
    built: dict[str, BuiltImage] = {}

    def write(name: str, layout: str) -> Path:
        path = folder / layout.replace(":", "-") / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            write_image(built.setdefault(name, load_fixture(name)), path, layout)
        return path

    return write
