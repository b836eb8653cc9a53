"""Values that an image gives to the explanation of an error: they choose and fill its causes and cures."""

from collections.abc import Mapping
from typing import Final

NO_IMAGE: Final[Mapping[str, str]] = {}
"""What is known where no image was given."""

IMAGE_VALUES: Final = frozenset(
    {
        "image",
        "fixed",
        "clean",
        "cuda",
        "no_cuda",
        "other_cuda",
        "driver_cuda",
        "driver_suffices",
        "gpu_capability",
        "gpu_runs",
        "torch_cuda",
        "no_torch",
        "no_framework",
        "no_compat",
        "no_library_path",
        "no_apt",
        "apk",
        "rpm",
        "library_there",
        "library_missing",
        "library_folder",
        "library_removed",
        "version_there",
        "module_there",
        "module_missing",
        "module_part",
        "module_installed",
        "python",
        "managed",
        "no_requirement",
        "explicit_requirement",
        "implied_requirement",
        "program_there",
        "program_missing",
        "other_platform",
        "module_folder",
        "torch_release",
        "torch_build",
        "numpy_1",
    }
)
"""The names of all of them; each is there only where it holds, and flags are `yes`.

`image`: one was given. `fixed`: what was found in it has cures of its own. `clean`: the rules of the error looked and
found nothing. `cuda`: the CUDA that it is for (`no_cuda`: nothing tells one); `other_cuda`: its CUDA libraries are of
another major version than the one asked for. `driver_cuda`: the CUDA of the driver in question; `driver_suffices`: it
starts all that needs CUDA. `gpu_capability`: that of the GPU in question; `gpu_runs`: the image runs on it.
`torch_cuda`: the CUDA of its torch, `no_torch`: it has none. `no_library_path`: it sets no LD_LIBRARY_PATH. `no_apt`:
it has no apt-get; `apk`, `rpm`: its package manager. `library_there` and `library_folder`: where the library of the
message lies, `library_missing`: nowhere, `library_removed`: the layer that removed it. `version_there`: its library
has the symbol version. `module_there`: the module lies where the interpreter looks, `module_part`: only the package
around it does, `module_missing`: neither; `module_installed`: the distribution, in its version, that is installed for
it. `python`: the container's interpreter, `managed`: the system keeps pip out of it. `no_requirement`: the image
demands nothing of the host, `explicit_requirement`: it does by NVIDIA_REQUIRE_CUDA, `implied_requirement`: by
CUDA_VERSION alone. `program_there`, `program_missing`: the program of the message. `other_platform`: one that the
image is not for. `module_folder`: the folder in which the module is where no interpreter looks. `torch_release` and
`torch_build`: of a torch without CUDA, and a build of it with CUDA. `no_framework`: the framework of the error is not
in it. `no_compat`: no user-mode driver is known to work with the driver in question. `numpy_1`: its NumPy is older
than 2.
"""
