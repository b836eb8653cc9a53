"""What objects of an image lead to, in the process that loads them."""

from layerscope.facts.elf.resolution import ResolvedNeed, find_resolution
from layerscope.facts.elf.search_step import SearchStep
from support.elf_images import GLIBC_FILES, LOADER, MUSL_FILES, SITE, make_image, module
from support.elf_writer import ElfPlan
from support.tar_member import symlink

CUDART = "$ORIGIN/../../nvidia/cuda_runtime/lib"
TORCH = {
    f"{SITE}/torch/_C.cpython-312-x86_64-linux-gnu.so": module("_C", "libtorch.so", rpath="$ORIGIN/lib"),
    f"{SITE}/torch/lib/libtorch_global_deps.so": ElfPlan(needed=("libcudart.so.12",), rpath=CUDART),
    f"{SITE}/torch/lib/libtorch.so": ElfPlan(soname="libtorch.so", needed=("libc10.so",), rpath="$ORIGIN"),
    f"{SITE}/torch/lib/libc10.so": ElfPlan(soname="libc10.so"),
    f"{SITE}/nvidia/cuda_runtime/lib/libcudart.so.12": ElfPlan(soname="libcudart.so.12"),
    f"{SITE}/nvidia/cublas/lib/libcublas.so.12": ElfPlan(soname="libcublas.so.12"),
}  # fmt: skip


def test_tells_what_each_need_leads_to() -> None:
    """With the step that found it, and all that is loaded in order."""
    app = ElfPlan(interpreter=LOADER, needed=("libx.so", "libc.so.6", "libcuda.so.1"), runpath="$ORIGIN/../lib")
    context = make_image({**GLIBC_FILES, "opt/bin/app": app, "opt/lib/libx.so": ElfPlan(needed=("libc.so.6",))})
    resolution = context.shared(find_resolution)
    assert resolution.needs("opt/bin/app") == (
        ResolvedNeed("libx.so", "opt/lib/libx.so", SearchStep.RUNPATH),
        ResolvedNeed("libc.so.6", "lib64/libc.so.6", SearchStep.DEFAULT),
        ResolvedNeed("libcuda.so.1", None, SearchStep.INJECTED),
    )
    assert resolution.closure("opt/bin/app") == ("opt/bin/app", "opt/lib/libx.so", "lib64/libc.so.6")
    assert resolution.closure("none") == ()


def test_links_lead_where_the_container_follows_them() -> None:
    """Objects have one path, the real one."""
    files = {**GLIBC_FILES, "bin/app": ElfPlan(interpreter=LOADER, needed=("libx.so",)), "opt/libx.so.1.2": ElfPlan()}
    context = make_image(files, [symlink("lib64/libx.so", "/opt/libx.so.1.2"), symlink("usr/lib64", "../lib64")])
    assert context.shared(find_resolution).closure("bin/app")[1] == "opt/libx.so.1.2"


def test_a_module_finds_what_its_python_has_loaded() -> None:
    """And by an RPATH of its program, as in conda's environments."""
    python = ElfPlan(interpreter=LOADER, needed=("libpython3.12.so.1.0",), rpath="$ORIGIN/../lib")
    files = {
        **GLIBC_FILES,
        "usr/bin/python3.12": python,
        "usr/lib/libpython3.12.so.1.0": ElfPlan(),
        "usr/lib/libz.so.1": ElfPlan(),
        f"{SITE}/_x.abi3.so": module("_x", "libz.so.1", "libpython3.12.so.1.0"),
    }
    found = make_image(files).shared(find_resolution).needs(f"{SITE}/_x.abi3.so")
    assert [(need.path, need.step) for need in found] == [
        ("usr/lib/libz.so.1", SearchStep.RPATH),
        ("usr/lib/libpython3.12.so.1.0", SearchStep.RPATH),
    ]


def test_a_module_for_torch_finds_what_torch_has_loaded() -> None:
    """Its libraries, and those that torch or others open before."""
    path = f"{SITE}/ext/_x.abi3.so"
    files = {
        **GLIBC_FILES,
        **TORCH,
        path: module("_x", "libc10.so", "libtorch.so", "libcudart.so.12", "libcublas.so.12"),
    }
    resolution = make_image(files).shared(find_resolution)
    assert [need.path for need in resolution.needs(path)] == [
        f"{SITE}/torch/lib/libc10.so",
        f"{SITE}/torch/lib/libtorch.so",
        f"{SITE}/nvidia/cuda_runtime/lib/libcudart.so.12",
        f"{SITE}/nvidia/cublas/lib/libcublas.so.12",
    ]


def test_another_site_directory_knows_nothing_of_torch() -> None:
    """A second environment has its own packages."""
    path = "opt/venv/lib/python3.12/site-packages/_x.abi3.so"
    files = {**GLIBC_FILES, **TORCH, path: module("_x", "libc10.so")}
    assert make_image(files).shared(find_resolution).needs(path)[0].path is None


def test_roots_reach_objects() -> None:
    """The weightiest first."""
    files = {
        **GLIBC_FILES,
        "usr/bin/app": ElfPlan(interpreter=LOADER, needed=("libx.so",)),
        "opt/app": ElfPlan(interpreter=LOADER, needed=("libx.so",)),
        "lib64/libx.so": ElfPlan(),
        "lib64/libalone.so": ElfPlan(),
    }
    reached = make_image(files).shared(find_resolution).reached
    assert [replayed.root.path for replayed in reached["lib64/libx.so"]] == ["usr/bin/app", "opt/app"]
    assert "lib64/libalone.so" not in reached


def test_a_library_that_is_no_root_is_replayed_when_asked_for() -> None:
    """In the process of its site directory's Python."""
    path = f"{SITE}/ort/libprovider.so"
    files = {**GLIBC_FILES, f"{SITE}/_x.abi3.so": module("_x"), path: ElfPlan(needed=("libc.so.6", "libnone.so"))}
    found = make_image(files).shared(find_resolution).needs(path)
    assert [need.path for need in found] == ["lib64/libc.so.6", None]


def test_musls_python_is_the_c_library() -> None:
    """For modules made for glibc, too."""
    path = f"{SITE}/_x.abi3.so"
    context = make_image({**MUSL_FILES, path: module("_x", "libc.so.6")})
    assert context.shared(find_resolution).needs(path)[0].path == "lib/ld-musl-x86_64.so.1"
