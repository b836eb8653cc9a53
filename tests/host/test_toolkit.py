"""How containers come by a GPU."""

from collections.abc import Callable

from layerscope.host.check import Check, Sign
from layerscope.host.driver import DriverReport, Gpu
from layerscope.host.engines import EngineReport
from layerscope.host.place import Host
from layerscope.host.toolkit import CdiSpec, check_toolkit, find_specs

MakeHost = Callable[..., Host]

DRIVER = DriverReport("550.54.14", "550.54.14", "12.4", (Gpu("NVIDIA L4", "8.9"),), "nvidia-smi")
CTK = {"nvidia-ctk": "echo 'NVIDIA Container Toolkit CLI version 1.17.8'; echo 'commit: f202b80a'"}
SPEC = """cdiVersion: 0.5.0
kind: nvidia.com/gpu
devices:
- name: all
containerEdits:
  mounts:
  - hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.550.54.14
"""
DOCKER = EngineReport("docker", name="docker engine 28.3.0", cdi_folders=("/etc/cdi",))
OLD_DOCKER = EngineReport("docker", name="docker engine 20.10.24", runtimes=("runc",))
PODMAN = EngineReport("podman", name="podman 4.3.1", runtimes=("crun",))


def check(host: Host, *engines: EngineReport, driver: DriverReport = DRIVER) -> dict[str, Check]:
    """The checks by name."""
    return {found.name: found for found in check_toolkit(host, driver, engines)}


def test_all_is_well_with_toolkit_and_specification(make_host: MakeHost) -> None:
    """An engine that reads the specification needs no runtime."""
    found = check(make_host({"/etc/cdi/nvidia.yaml": SPEC}, CTK), DOCKER, PODMAN)
    assert {each.sign for each in found.values()} == {Sign.GOOD}
    assert found["toolkit"].says == "NVIDIA Container Toolkit 1.17.8"
    assert found["podman gpu"].says == "podman 4.3.1 reads /etc/cdi/nvidia.yaml"


def test_without_a_driver_it_is_not_missed(make_host: MakeHost) -> None:
    """A host without a GPU has nothing to give."""
    (found,) = check(make_host(), DOCKER, driver=DriverReport()).values()
    assert found.sign is Sign.NOTE


def test_without_a_toolkit_containers_get_no_gpu(make_host: MakeHost) -> None:
    """The cure is to install it, the error is the engine's."""
    found = check(make_host(), OLD_DOCKER, PODMAN)
    assert found["toolkit"].sign is Sign.BAD
    assert "no-device-driver" in found["docker gpu"].errors
    assert found["podman gpu"].commands == ("sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml",)


def test_a_runtime_is_enough(make_host: MakeHost) -> None:
    """For docker; the specification is a doubt only."""
    engine = EngineReport("docker", name="docker engine 20.10.24", runtimes=("nvidia", "runc"))
    found = check(make_host(scripts=CTK), engine)
    assert (found["docker gpu"].sign, found["cdi"].sign) == (Sign.GOOD, Sign.DOUBT)


def test_a_specification_of_another_driver_is_bad(make_host: MakeHost) -> None:
    """Its files are gone since the update."""
    stale = SPEC.replace("550.54.14", "535.183.01")
    found = check(make_host({"/var/run/cdi/nvidia.yaml": stale}, CTK))["cdi"]
    assert found.sign is Sign.BAD
    assert found.says == "/var/run/cdi/nvidia.yaml is for driver 535.183.01, and 550.54.14 is installed"


def test_an_engine_that_reads_elsewhere_does_not_see_it(make_host: MakeHost) -> None:
    """A rootless engine has folders of its own."""
    engine = EngineReport("docker", name="docker engine 28.3.0", cdi_folders=("/home/me/.cdi",))
    assert check(make_host({"/etc/cdi/nvidia.yaml": SPEC}, CTK), engine)["docker gpu"].sign is Sign.BAD


def test_a_toolkit_that_fails_is_a_doubt(make_host: MakeHost) -> None:
    """Its own words are told."""
    found = check(make_host(scripts={"nvidia-ctk": "echo 'segmentation fault' >&2; exit 139"}))["toolkit"]
    assert found.sign is Sign.DOUBT
    assert "segmentation fault" in found.says


def test_specifications_are_told_from_other_files(make_host: MakeHost) -> None:
    """In YAML or JSON, of NVIDIA's devices alone."""
    files = {
        "/etc/cdi/nvidia.yaml": SPEC,
        "/etc/cdi/nvidia.json": '{"cdiVersion": "0.6.0", "kind": "nvidia.com/imex-channel"}',
        "/etc/cdi/intel.yaml": "kind: intel.com/gpu\n",
        "/etc/cdi/README": "kind: nvidia.com/gpu\n",
        "/etc/cdi/broken.yaml": "\x00\x01",
    }
    assert find_specs(make_host(files), ["/etc/cdi"]) == (
        CdiSpec("/etc/cdi/nvidia.json", "nvidia.com/imex-channel"),
        CdiSpec("/etc/cdi/nvidia.yaml", "nvidia.com/gpu", ("550.54.14",)),
    )
