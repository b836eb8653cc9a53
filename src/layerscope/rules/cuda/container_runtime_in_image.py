"""CUDA040: parts of the NVIDIA Container Toolkit are inside the image."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.cuda_stack import tell_made_by
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list, tell_path


class ContainerRuntimeInImage(Rule):
    """Parts of the NVIDIA Container Toolkit are inside the image.

    What it checks: `nvidia-container-runtime`, `nvidia-container-cli`, `nvidia-ctk`, `nvidia-docker` and their like in
        the folders of programs.
    Why it matters: They configure the host's engine and do nothing inside a container; a Dockerfile that installs
        them believes that this is how containers get GPUs, and the host is left without.
    Example: `RUN apt-get install -y nvidia-container-toolkit`, copied from instructions for hosts.
    Remedy: Install the toolkit on the host, and ask for GPUs by `docker run --gpus all`.
    Fix safety: Review: images that run an engine of their own inside a container need them.
    Blind spots: Images that start containers themselves (docker in docker, operators of Kubernetes) do need them.
        Programs outside the usual folders are not seen.
    References: https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/install-guide.html.
    """

    code: ClassVar[str] = "CUDA040"
    covers: ClassVar[tuple[int, ...]] = (35,)
    severity: ClassVar[Severity] = Severity.LOW
    needs: ClassVar[tuple[type[Fact], ...]] = (DriverFile,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for all of them."""
        files = [each for each in facts.of(DriverFile) if each.kind is DriverFileKind.RUNTIME]
        if not files:
            return
        named = tell_list(tell_path(each.evidence.path or "") for each in files)
        first = files[0]
        fix = Fix(
            "Install the toolkit on the host alone",
            (
                "Take nvidia-container-toolkit, nvidia-container-runtime and nvidia-docker2 out of the RUN instruction",
                "On the host: install nvidia-container-toolkit and run nvidia-ctk runtime configure --runtime=docker",
            ),
        )
        yield self.finding(
            f"{named} {tell_made_by(first.evidence.layer, first.instruction)} belong on the host",
            *(each.evidence for each in files),
            fixes=(fix,),
            wasted=sum(each.size for each in files),
        )
