"""What the driver and its GPUs mean for containers."""

from collections.abc import Callable

import pytest

from layerscope.host.check import Check, Sign
from layerscope.host.driver import DriverReport, Gpu
from layerscope.host.gpu_checks import check_gpu, shorten_name, suggest_options
from layerscope.host.place import Host

MakeHost = Callable[..., Host]

H100 = Gpu("NVIDIA H100 80GB HBM3", "9.0", 81559, is_split=False, compute_mode="Default")
DRIVER = DriverReport("535.183.01", "535.183.01", "12.2", (H100,), "nvidia-smi")
NODES = {"/dev/nvidiactl": "", "/dev/nvidia-uvm": "", "/dev/nvidia0": ""}


def check(host: Host, driver: DriverReport) -> dict[str, Check]:
    """The checks by name."""
    return {found.name: found for found in check_gpu(host, driver)}


def test_a_host_that_can_compute_is_good(make_host: MakeHost) -> None:
    """Driver, GPUs and nodes, each on its line."""
    found = check(make_host(NODES), DRIVER)
    assert {name: each.sign for name, each in found.items()} == dict.fromkeys(("driver", "gpu", "nodes"), Sign.GOOD)
    assert found["driver"].says == "driver 535.183.01, which supports CUDA up to 12.2"
    assert found["gpu"].says == "NVIDIA H100 80GB HBM3, compute capability 9.0, 80 GiB"


def test_a_host_without_a_driver_says_so(make_host: MakeHost) -> None:
    """It is neither good nor bad."""
    (found,) = check_gpu(make_host(), DriverReport())
    assert found.sign is Sign.NOTE
    assert "no NVIDIA driver is on this host" in found.says


def test_versions_that_differ_are_bad(make_host: MakeHost) -> None:
    """The libraries were updated, the module was not reloaded."""
    found = check(make_host(NODES), DriverReport("535.183.01", "550.54.14", "12.4", (H100,), "nvidia-smi"))["driver"]
    assert (found.sign, found.errors) == (Sign.BAD, ("nvml-mismatch",))
    assert "reload the modules" in found.cure


def test_a_driver_without_gpus_is_bad(make_host: MakeHost) -> None:
    """And says what was answered."""
    found = check(make_host(NODES), DriverReport("535.183.01", problems=("nvidia-smi: it failed",)))
    assert found["driver"].sign is Sign.DOUBT
    assert found["gpus"].sign is Sign.BAD
    assert "it failed" in found["gpus"].says


def test_nodes_that_are_missing_are_bad(make_host: MakeHost) -> None:
    """nvidia-smi works without /dev/nvidia-uvm, and CUDA does not."""
    files = {path: "" for path in NODES if "uvm" not in path}
    found = check(make_host(files), DRIVER)["nodes"]
    assert (found.sign, found.says, found.errors) == (Sign.BAD, "/dev/nvidia-uvm not there", ("cu-999",))


def test_wsl_has_one_node(make_host: MakeHost) -> None:
    """None of NVIDIA's own."""
    assert check(make_host({"/dev/dxg": ""}), DRIVER)["nodes"].sign is Sign.GOOD


def test_a_gpu_that_is_taken_or_split_is_told(make_host: MakeHost) -> None:
    """Exclusive mode is a doubt, MIG a remark."""
    taken = Gpu("NVIDIA A100-SXM4-80GB", "8.0", 81920, is_split=True, compute_mode="Exclusive_Process")
    found = check(make_host(NODES), DriverReport("535.183.01", "535.183.01", "12.2", (taken, taken), "nvidia-smi"))
    assert found["gpu"].sign is Sign.DOUBT
    assert found["gpu"].says.startswith("2 x NVIDIA A100-SXM4-80GB, compute capability 8.0, 80 GiB, 2 divided into")


@pytest.mark.parametrize(
    ("script", "sign"), [("echo active", Sign.GOOD), ("echo inactive; exit 3", Sign.BAD), (None, Sign.DOUBT)]
)
def test_the_fabric_manager_is_asked_for(script: str | None, sign: Sign, make_host: MakeHost) -> None:
    """Only where the machine has an NVSwitch."""
    scripts = {"systemctl": script} if script else {}
    found = check(make_host({**NODES, "/dev/nvidia-nvswitch0": ""}, scripts), DRIVER)["fabric"]
    assert found.sign is sign
    assert "fabric" not in check(make_host(NODES, scripts), DriverReport())


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H100 PCIe", "H100"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA A100-SXM4-80GB", "A100"),
        ("Tesla V100-SXM2-16GB", "V100"),
        ("Tesla T4", "T4"),
        ("NVIDIA L40S", "L40S"),
        ("NVIDIA A10G", "A10G"),
        ("NVIDIA GH200 480GB", "GH200"),
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("NVIDIA GeForce RTX 3070 Ti Laptop GPU", "RTX 3070 Ti"),
        ("NVIDIA RTX A6000", "RTX A6000"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000 Blackwell"),
        ("NVIDIA", "NVIDIA"),
    ],
)
def test_names_are_shortened_to_those_of_tables(name: str, short: str) -> None:
    """Memory, form and maker are left out."""
    assert shorten_name(name) == short


def test_options_name_each_kind_of_gpu_once() -> None:
    """With the version of the kernel module, which decides."""
    two = DriverReport("535.183.01", "535.183.01", "12.2", (H100, Gpu("NVIDIA L4", "8.9"), H100), "nvidia-smi")
    assert suggest_options(two) == (
        ("--gpu", "H100", "--driver", "535.183.01"),
        ("--gpu", "L4", "--driver", "535.183.01"),
    )
    assert suggest_options(DriverReport()) == ()


def test_a_model_that_no_table_knows_is_named_by_its_capability() -> None:
    """And by its name where even that is not told."""
    new = DriverReport("600.10", "600.10", "14.0", (Gpu("NVIDIA X1000", "13.0"), Gpu("NVIDIA X2000")), "nvidia-smi")
    found = suggest_options(new, lambda _name, _capability: False)
    assert [options[1] for options in found] == ["13.0", "X2000"]
