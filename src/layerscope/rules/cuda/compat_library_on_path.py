"""CUDA033: a compatibility driver comes before the host's."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind
from layerscope.rules.library_path import LIBRARY_PATH_NEEDS, propose_library_path
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import tell_list, tell_path


class CompatLibraryOnPath(Rule):
    """A compatibility driver comes before the host's.

    What it checks: Folders called `compat` with NVIDIA's user-mode driver for older hosts (`cuda-compat`) that
        LD_LIBRARY_PATH or ldconfig's files name.
    Why it matters: It is for data-centre GPUs on the driver branches that its note lists. Elsewhere CUDA does not
        start: error 804 on consumer GPUs, 803 on hosts whose driver is newer or not of those branches.
    Example: `ENV LD_LIBRARY_PATH=/usr/local/cuda/compat:$LD_LIBRARY_PATH` in a Dockerfile for one cluster.
    Remedy: Keep the files and take the folder off the path: nvidia-container-toolkit 1.18 puts it there on those hosts
        where it helps.
    Fix safety: Review: hosts with an older toolkit get no compatibility driver then.
    Blind spots: Start scripts that put the folder there are not seen; NVIDIA's own images do so only after a check.
        Which hosts will run the image is not known.
    References: https://docs.nvidia.com/deploy/cuda-compatibility/; NVIDIA/nvidia-docker issue 1515;
        NVIDIA/nvidia-container-toolkit issues 877 and 906.
    """

    code: ClassVar[str] = "CUDA033"
    covers: ClassVar[tuple[int, ...]] = (35, 69)
    severity: ClassVar[Severity] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = LIBRARY_PATH_NEEDS

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for each folder."""
        folders: dict[str, list[DriverFile]] = {}
        for each in facts.of(DriverFile):
            if each.kind is DriverFileKind.COMPAT and each.search and each.name.startswith("libcuda.so"):
                folders.setdefault((each.evidence.path or "").rpartition("/")[0], []).append(each)
        for folder, files in sorted(folders.items()):
            main = max(files, key=lambda each: (bool(each.branches), each.version.count("."), each.name))
            version = f" of driver {main.version}" if "." in main.version else ""
            branches = f", for hosts with driver {tell_list(map(str, main.branches), shown=8)}" if main.branches else ""
            message = (
                f"{tell_path(folder)} is on {main.search}: its {main.name}{version}{branches} is loaded instead of the "
                f"host's driver, also where it cannot work"
            )
            yield self.finding(message, main.evidence, fixes=(_suggest(main.search, facts),))


def _suggest(search: str, facts: FactSet) -> Fix:
    """The path without the folder."""
    if search == "LD_LIBRARY_PATH":
        step, kind = propose_library_path(facts), FixKind.CONFIG_EDIT
    else:
        kind = FixKind.DOCKERFILE_EDIT
        step = f"RUN sed -i '\\#compat#d' {search} && ldconfig"
    return Fix(
        "Let the NVIDIA runtime decide",
        (step, "On hosts with older drivers: nvidia-container-toolkit 1.18 or newer"),
        kind=kind,
    )
