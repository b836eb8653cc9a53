"""CUDA031 baked-driver-library: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.cuda.driver_files import DriverFileKind
from layerscope.rules.cuda.baked_driver_library import BakedDriverLibrary
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.cuda_facts import driver_file

SYSTEM = "usr/lib/x86_64-linux-gnu"


def test_flags_a_driver_with_its_version() -> None:
    """What every container opens is told first."""
    (finding,) = flags(
        BakedDriverLibrary,
        driver_file(f"{SYSTEM}/libnvidia-encode.so.535.183.01"),
        driver_file(f"{SYSTEM}/libcuda.so.535.183.01"),
        driver_file("usr/bin/nvidia-smi", DriverFileKind.PROGRAM),
    )
    assert finding.message == (
        "Layer 2 (RUN apt-get install -y cuda) holds files of driver 535.183.01 that the NVIDIA runtime mounts from "
        "the host: /usr/bin/nvidia-smi, /usr/lib/x86_64-linux-gnu/libcuda.so.535.183.01 and "
        "/usr/lib/x86_64-linux-gnu/libnvidia-encode.so.535.183.01; where the host's driver is of another version, the "
        "container does not start, or CUDA does not"
    )
    assert finding.severity is Severity.CRITICAL
    assert finding.fixes[0].steps[0].startswith("Install cuda-toolkit-X-Y instead of cuda")


def test_deletes_the_instruction_that_copies_nothing_but_the_driver() -> None:
    """No package brought it; the options of the instruction are no files."""
    step = "COPY --chmod=755 lib/libcuda.so.1 /usr/lib/"
    (finding,) = flags(BakedDriverLibrary, replace(driver_file(f"{SYSTEM}/libcuda.so.1"), instruction=step))
    assert finding.fixes[0].steps == (f"Delete this step: {step}",)


def test_narrows_the_instruction_that_copies_more_than_the_driver() -> None:
    """The rest of it is wanted."""
    for step in ("COPY lib /usr/lib/", "COPY libcuda.so.1 app.so /usr/lib/"):
        (finding,) = flags(BakedDriverLibrary, replace(driver_file(f"{SYSTEM}/libcuda.so.1"), instruction=step))
        assert finding.fixes[0].steps == (f"Let this step not copy /{SYSTEM}/libcuda.so.1: {step}",)


def test_flags_lesser_parts_as_a_smaller_matter() -> None:
    """So the empty files that a commit leaves."""
    (finding,) = flags(BakedDriverLibrary, driver_file(f"{SYSTEM}/libnvidia-encode.so.535.183.01"))
    assert finding.severity is Severity.HIGH
    (finding,) = flags(BakedDriverLibrary, driver_file(f"{SYSTEM}/libcuda.so.535.183.01", size=0))
    assert finding.severity is Severity.MEDIUM
    assert finding.message.endswith("empty files, as a commit of a running GPU container leaves them")


def test_flags_what_distributions_ship_too_as_a_small_matter() -> None:
    """The open parts of EGL have the driver's names."""
    wayland = replace(driver_file(f"{SYSTEM}/libnvidia-egl-wayland.so.1"), capability="cdi-extra")
    (finding,) = flags(BakedDriverLibrary, wayland)
    assert finding.severity is Severity.LOW


def test_ignores_stubs_compatibility_libraries_and_dangling_links() -> None:
    """They are meant to be there."""
    ignores(
        BakedDriverLibrary,
        driver_file("usr/local/cuda/lib64/stubs/libcuda.so", DriverFileKind.STUB),
        driver_file("usr/local/cuda/compat/libcuda.so.550.54.15", DriverFileKind.COMPAT),
        driver_file(f"{SYSTEM}/libcuda.so", is_link=True),
        driver_file("usr/bin/nvidia-ctk", DriverFileKind.RUNTIME),
    )
