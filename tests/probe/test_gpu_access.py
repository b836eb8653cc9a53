"""Ways in which a container is given GPUs: those that an engine offers, and what an unpacked image gets."""

from pathlib import Path
from typing import Any, Self

import pytest

from layerscope.engine import containers
from layerscope.errors import EngineError
from layerscope.policies.policies import Policies
from layerscope.probe import container_run
from layerscope.probe.confinement import HARDENED
from layerscope.probe.container_run import build_settings, run_in_container
from layerscope.probe.gpu_access import (
    ACCESSES,
    CDI,
    NO_GPU,
    PODMAN_DEVICE,
    REQUEST,
    RUNTIME,
    list_accesses,
    split_refusals,
)
from layerscope.probe.gpu_binds import DRIVER_FOLDER, find_gpu_binds
from layerscope.probe.observation import Observation
from layerscope.probe.spec import ProbeSpec
from layerscope.progress import SilentProgress

DISCOVERED = {"DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=all"}]}


@pytest.mark.parametrize(
    ("info", "auto", "asked"),
    [
        ({}, (), (REQUEST,)),
        (None, (), (REQUEST,)),
        ({"Runtimes": {"runc": {}}}, (), (REQUEST,)),
        ({"Runtimes": {"runc": {}, "nvidia": {}}}, (REQUEST, RUNTIME), (REQUEST, RUNTIME)),
        (DISCOVERED, (CDI, REQUEST), (CDI, REQUEST)),
        ({"DiscoveredDevices": [{"ID": "vendor.com/nic=0"}]}, (), (REQUEST,)),
        ({"CDISpecDirs": ["/etc/cdi"]}, (), (REQUEST, CDI)),
    ],
)
def test_an_engine_is_asked_in_the_ways_that_it_offers(info: object, auto: Any, asked: Any) -> None:
    """Best first; nothing is tried by itself where nothing speaks for a GPU."""
    assert list_accesses(info, is_podman=False, is_asked=False) == auto
    assert list_accesses(info, is_podman=False, is_asked=True) == asked


def test_podman_is_asked_by_device() -> None:
    """It ignores device requests that it does not know, and would start without a GPU."""
    assert list_accesses({"Runtimes": {"nvidia": {}}}, is_podman=True, is_asked=False) == ()
    assert list_accesses({}, is_podman=True, is_asked=True) == (PODMAN_DEVICE, CDI)


def test_each_way_adds_its_own_settings() -> None:
    """And takes nothing of what closes the container."""
    plain: Any = build_settings("i", ProbeSpec("python3"), HARDENED)
    for access in ACCESSES.values():
        settings: Any = build_settings("i", ProbeSpec("python3"), HARDENED, access)
        assert {**settings["HostConfig"], **plain["HostConfig"]} == settings["HostConfig"]
        assert set(settings["HostConfig"]) - set(plain["HostConfig"]) == set(access.host)
        assert set(settings["Env"]) >= set(plain["Env"])
        assert access.flags
    assert build_settings("i", ProbeSpec("python3"), HARDENED, NO_GPU) == plain


class Streams:
    """Streams that are closed in the end."""

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """An engine that refuses whatever is in `refuses`, and remembers what it made and removed."""
    known: dict[str, list[str]] = {"refuses": [], "made": [], "removed": []}

    def create(_engine: object, settings: Any) -> str:
        asked = settings["HostConfig"].items()
        name = next(each.name for each in ACCESSES.values() if each.host.items() <= asked)
        known["made"].append(name)
        return name

    def start(_engine: object, container: str) -> None:
        if container in known["refuses"]:
            raise EngineError(f"starting the container: no {container}")

    monkeypatch.setattr(containers, "create_container", create)
    monkeypatch.setattr(containers, "attach", lambda *_, **__: Streams())
    monkeypatch.setattr(containers, "start", start)
    monkeypatch.setattr(containers, "remove", lambda _, container: known["removed"].append(container))
    monkeypatch.setattr(containers, "has_volumes", lambda *_: False)
    monkeypatch.setattr(container_run, "remove_leftovers", lambda _: None)
    monkeypatch.setattr(container_run, "_follow", lambda *_, **__: Observation(()))
    return known


def run(gpus: Any) -> Observation:
    """A run with these ways."""
    spec = ProbeSpec("python3")
    return run_in_container(None, "i", spec, gpus=gpus, progress=SilentProgress())  # type: ignore[arg-type]


def test_the_next_way_is_tried_where_one_is_refused(engine: dict[str, list[str]]) -> None:
    """Each container that was made is removed."""
    engine["refuses"] = [CDI.name]
    assert run((CDI, REQUEST, RUNTIME)).gpu_access == REQUEST.name
    assert engine["made"] == engine["removed"] == [CDI.name, REQUEST.name]


def test_every_refusal_is_told_where_all_refuse(engine: dict[str, list[str]]) -> None:
    """With the way that it is about."""
    engine["refuses"] = [CDI.name, REQUEST.name]
    with pytest.raises(EngineError, match=r"CDI: .*no CDI; a device request: .*no a device request"):
        run((CDI, REQUEST))
    assert len(engine["removed"]) == 2


def test_an_unpacked_image_gets_nodes_and_the_drivers_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the driver's libraries those for computing alone, and none of the toolkit's; nothing without a node."""
    libraries = tmp_path / "usr/lib/x86_64-linux-gnu"
    libraries.mkdir(parents=True)
    (tmp_path / "dev").mkdir()
    for name in ("libcuda.so.570.1", "libcudart.so.12", "libc.so.6", "libnvidia-ml.so.1"):
        (libraries / name).write_bytes(b"")
    (libraries / "libcuda.so.1").symlink_to("libcuda.so.570.1")
    assert find_gpu_binds(Policies().injected, tmp_path) == []
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm", "nvidia-caps", "null"):
        (tmp_path / "dev" / name).write_bytes(b"")
    monkeypatch.setattr(Path, "is_char_device", lambda _: True)
    binds = find_gpu_binds(Policies().injected, tmp_path)
    assert [bind.target for bind in binds if bind.is_device] == ["/dev/nvidia-uvm", "/dev/nvidia0", "/dev/nvidiactl"]
    found = {bind.target: Path(bind.source).name for bind in binds if not bind.is_device}
    assert found == {
        f"{DRIVER_FOLDER}/libcuda.so.1": "libcuda.so.570.1",
        f"{DRIVER_FOLDER}/libcuda.so.570.1": "libcuda.so.570.1",
        f"{DRIVER_FOLDER}/libnvidia-ml.so.1": "libnvidia-ml.so.1",
    }


def test_refusals_are_explained_one_by_one() -> None:
    """A message of one is no reason to be silent on the other."""
    text = "CDI: starting: a; b; a device request: no; the nvidia runtime: unknown"
    assert split_refusals(text) == ["CDI: starting: a; b", "a device request: no", "the nvidia runtime: unknown"]
    assert split_refusals("no such image; really") == ["no such image; really"]
