"""Probes of images that fill the disk of a live engine: ended in the run that does it, and nothing is left."""

from typing import Any, Final

import pytest

from layerscope.engine.client import connect
from layerscope.engine.endpoint import Endpoint
from layerscope.engine.images import inspect_image
from layerscope.probe.collect import SERVING
from layerscope.probe.confinement import DEFAULT, Confinement
from layerscope.probe.disk_watch import find_engine_places
from layerscope.probe.limits import ContainerLimits
from layerscope.probe.observation import Observation
from layerscope.probe.served_run import run_image
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.variants import probe_variants
from layerscope.probe.verdict import judge
from layerscope.progress import SilentProgress
from probe.test_disk_watch import FILLING
from support.live_engines import LiveEngine
from support.live_images import load
from support.live_probe import list_left
from support.python_image import build_python_image, make_package
from support.tar_writer import directory

LIMITS: Final = ContainerLimits(disk=64 << 20)


def probe(engine: LiveEngine, tag: str, spec: ProbeSpec) -> tuple[list[tuple[Confinement, Observation]], Any]:
    """The runs of a probe, and what came of it."""
    runs: list[tuple[Confinement, Observation]] = []
    with connect(Endpoint(engine.host, "test")) as client:
        disks, image = find_engine_places(client), inspect_image(client, tag).id
        assert disks

        def run(asked: ProbeSpec, confinement: Confinement) -> Observation:
            seen = run_image(
                client, image, asked, gpus=(), progress=SilentProgress(), confinement=confinement, disks=disks
            )
            runs.append((confinement, seen))
            return seen

        return runs, probe_variants(run, spec)


@pytest.mark.parametrize(("place", "count"), [("/filling", 2), ("/data/filling", 1)], ids=["root", "volume"])
def test_an_image_that_fills_the_engines_disk_is_ended(engine: LiveEngine, place: str, count: int) -> None:
    """By a root that it may write to since it asked for rights, and by a volume that it has without asking."""
    tag, text = f"layerscope/probe:filling-{count}", FILLING.format(said="Permission denied", place=place)
    volume: dict[str, object] = {"Volumes": {"/data": {}}}
    files = (directory("data", mode=0o1777), *make_package("torch", text))
    load(engine, build_python_image(tag, *files, runtime=volume))
    asked = ProbeSpec("/usr/local/bin/python3", ("torch",), roles=("generation",), limits=LIMITS)
    runs, trials = probe(engine, tag, asked)
    assert len(runs) == count
    confinement, seen = runs[-1]
    assert confinement.read_only == (count == 1)
    assert judge(seen).title == "stage imports fills the disk"
    assert judge(seen).reason.startswith("it wrote more than 0.0625 GiB to the disk of the engine (/")
    assert (trials.comparison is None) == (count == 1)
    assert confinement.user == (DEFAULT.user if count > 1 else Confinement().user)
    assert not list_left(engine)
    assert not engine.client.volumes.list()


def test_a_server_that_fills_the_engines_disk_is_ended(docker_engine: LiveEngine) -> None:
    """While it is waited for, and asked from outside."""
    from layerscope.probe.serving_spec import ServingSpec

    tag = "layerscope/probe:filling-server"
    text = FILLING.format(said="loading", place="/data/filling").replace("\n", "\\n").replace('"', '\\"')
    runtime = {"Volumes": {"/data": {}}, "Entrypoint": ["python3", "-c", f'exec("{text}")'], "Cmd": []}
    load(docker_engine, build_python_image(tag, directory("data", mode=0o1777), runtime=runtime))
    asked = ProbeSpec(
        "", roles=(SERVING,), serving=ServingSpec(), posix_shell=("/bin/sh",), relay=("/bin/nc",), limits=LIMITS
    )
    runs, _ = probe(docker_engine, tag, asked)
    assert [judge(seen).title for _, seen in runs] == ["stage 'server listens' fills the disk"]
    assert not list_left(docker_engine)
