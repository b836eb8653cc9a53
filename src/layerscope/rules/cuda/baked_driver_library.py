"""CUDA031: files of NVIDIA's driver are baked into the image."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.cuda.driver_files import DriverFile, DriverFileKind
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.layer_fixes import drop_paths
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.wording import SHOWN_LOCATIONS, quote_instruction, tell_layer, tell_list, tell_path

ESSENTIAL: Final = ("libcuda.so", "libcuda-", "libnvidia-ml.so", "libnvidia-ptxjitcompiler.so", "nvidia-smi")
"""Beginnings of the names that every GPU container gets mounted and opens."""


class BakedDriverLibrary(Rule):
    """Files of NVIDIA's driver are baked into the image.

    What it checks: Libraries and programs that the NVIDIA runtime mounts from the host (`libcuda.so.1`,
        `libnvidia-ml.so.1`, `nvidia-smi`, …) among the image's own files, outside compatibility and stub folders.
    Why it matters: The driver's two halves must be of one version. The runtime cannot mount over them ("mount error:
        file creation failed: … file exists"), or the image's half is loaded: "Driver/library version mismatch", error
        803. The image then runs on hosts with exactly that driver, or nowhere.
    Example: `apt-get install cuda` or `nvidia-utils-535`, which depend on the driver's packages; `COPY` of
        `/usr/lib/x86_64-linux-gnu/libcuda.so.1` from a host.
    Remedy: Install `cuda-toolkit-X-Y` instead of `cuda`, and remove the driver's files in the step that adds them.
    Fix safety: Review: a file may be there for hosts without the NVIDIA runtime.
    Blind spots: Files are told by their names; which host will run the image is not known. Empty files, which a
        commit of a running GPU container leaves, are told as a smaller matter; dangling links not at all.
        Parts that distributions ship under the same name (EGL and Wayland platforms) are told as a small matter.
    References: NVIDIA/nvidia-container-toolkit issues 176 and 289; NVIDIA/nvidia-docker issue 825.
    """

    code: ClassVar[str] = "CUDA031"
    covers: ClassVar[tuple[int, ...]] = (31, 35)
    severity: ClassVar[Severity] = Severity.CRITICAL
    ends_gpu_work: ClassVar[Severity | None] = Severity.CRITICAL
    needs: ClassVar[tuple[type[Fact], ...]] = (DriverFile,)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE,)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the files of each layer."""
        layers: dict[int | None, list[DriverFile]] = {}
        for each in facts.of(DriverFile):
            is_dangling = each.is_link and not each.target
            if each.kind in {DriverFileKind.LIBRARY, DriverFileKind.PROGRAM} and not is_dangling:
                layers.setdefault(each.evidence.layer, []).append(each)
        for layer, files in sorted(layers.items(), key=lambda item: -1 if item[0] is None else item[0]):
            yield self._report(layer, sorted(files, key=_rank))

    def _report(self, layer: int | None, files: list[DriverFile]) -> Finding:
        """The finding of a layer."""
        named = tell_list(tell_path(each.evidence.path or "") for each in files)
        versions = sorted({each.version for each in files if each.version.count(".") > 0})
        of = f" of driver {tell_list(versions)}" if versions else ""
        is_empty = all(not each.size for each in files if not each.is_link)
        is_essential = any(each.name.startswith(ESSENTIAL) for each in files)
        what = "files" if len(files) > 1 else "a file"
        note = (
            ": empty files, as a commit of a running GPU container leaves them"
            if is_empty
            else "; where the host's driver is of another version, the container does not start, or CUDA does not"
        )
        message = (
            f"{tell_layer(layer, files[0].instruction)} holds {what}{of} that the NVIDIA runtime mounts from the host: "
            f"{named}{note}"
        )
        is_shared = all(each.capability == "cdi-extra" for each in files)
        severity = Severity.CRITICAL if is_essential else Severity.LOW if is_shared else Severity.HIGH
        return self.finding(
            message[:1].upper() + message[1:],
            *(each.evidence for each in files[:SHOWN_LOCATIONS]),
            severity=Severity.MEDIUM if is_empty else severity,
            fixes=(_suggest(files), drop_paths(each.evidence.path for each in files if each.evidence.path)),
            brief=f"{tell_layer(layer)} brings {files[0].name}, which has to come from the host",
        )


def _rank(each: DriverFile) -> tuple[bool, bool, str]:
    """What matters most comes first."""
    return (not each.name.startswith(ESSENTIAL), each.is_link, each.evidence.path or "")


def _narrow(step: str, files: list[DriverFile], paths: str) -> str:
    """What to do about a step that copies: it goes where it names nothing but these files."""
    sources = [word for word in step.split()[1:-1] if not word.startswith("--")]
    names = {each.name for each in files} | {each.target.rpartition("/")[2] for each in files}
    if sources and all(source.rpartition("/")[2] in names for source in sources):
        return f"Delete this step: {quote_instruction(step)}"
    return f"Let this step not copy {paths}: {quote_instruction(step)}"


def _suggest(files: list[DriverFile]) -> Fix:
    """The step without the driver."""
    paths, step = " ".join(tell_path(each.evidence.path or "") for each in files[:8]), files[0].instruction
    if step.startswith(("COPY ", "ADD ")):
        return Fix("Leave the driver to the host", (_narrow(step, files, paths),))
    return Fix(
        "Leave the driver to the host",
        (
            "Install cuda-toolkit-X-Y instead of cuda, and no nvidia-driver-*, libnvidia-compute-*, nvidia-utils-*",
            f"In the step that brings them, at its end: rm -f {paths}",
            "To see which package owns them: dpkg -S FILE",
        ),
    )
