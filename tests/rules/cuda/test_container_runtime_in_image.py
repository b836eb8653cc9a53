"""CUDA040 container-runtime-in-image: what it flags and what it lets pass."""

from layerscope.facts.cuda.driver_files import DriverFileKind
from layerscope.rules.cuda.container_runtime_in_image import ContainerRuntimeInImage
from support.cases import flags, ignores
from support.cuda_facts import driver_file


def test_flags_the_host_s_programs() -> None:
    """They do nothing in a container."""
    (finding,) = flags(ContainerRuntimeInImage, driver_file("usr/bin/nvidia-ctk", DriverFileKind.RUNTIME))
    assert finding.message == "/usr/bin/nvidia-ctk (layer 2: RUN apt-get install -y cuda) belong on the host"


def test_ignores_programs_of_the_driver() -> None:
    """Those are another rule's."""
    ignores(ContainerRuntimeInImage, driver_file("usr/bin/nvidia-smi", DriverFileKind.PROGRAM))
