"""CUDA033 compat-library-on-path: what it flags and what it lets pass."""

from layerscope.rules.cuda.compat_library_on_path import CompatLibraryOnPath
from support.cases import flags, ignores
from support.cuda_images import collect_cuda, sized
from support.tar_member import file, symlink

COMPAT = "usr/local/cuda-12.4/compat"
FILES = [
    sized(f"{COMPAT}/libcuda.so.550.54.15"),
    symlink(f"{COMPAT}/libcuda.so.1", "libcuda.so.550.54.15"),
    symlink("usr/local/cuda", "cuda-12.4"),
]


def test_flags_a_folder_that_is_searched() -> None:
    """Links to it count."""
    (finding,) = flags(CompatLibraryOnPath, *collect_cuda(FILES, env=["LD_LIBRARY_PATH=/usr/local/cuda/compat"]))
    assert finding.message == (
        "/usr/local/cuda-12.4/compat is on LD_LIBRARY_PATH: its libcuda.so.550.54.15 of driver 550.54.15 is loaded "
        "instead of the host's driver, also where it cannot work"
    )
    conf = file("etc/ld.so.conf.d/000_cuda.conf", b"/usr/local/cuda/compat\n")
    (finding,) = flags(CompatLibraryOnPath, *collect_cuda([*FILES, conf]))
    assert "sed -i '\\#compat#d' /etc/ld.so.conf.d/000_cuda.conf" in finding.fixes[0].steps[0]


def test_ignores_a_folder_that_is_not_searched() -> None:
    """The runtime takes it where it helps."""
    ignores(CompatLibraryOnPath, *collect_cuda(FILES, env=["LD_LIBRARY_PATH=/usr/local/cuda/lib64"]))
