"""CONF005: the working directory is not there."""

from collections.abc import Iterator
from typing import ClassVar

from layerscope.facts.config.identity import Identity
from layerscope.facts.config.process import Process
from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity


class MissingWorkingDirectory(Rule):
    """The working directory is not there.

    What it checks: The config's working directory, links followed inside the image, is a directory.
    Why it matters: Where it is a file, no container starts ("not a directory"). Where it is missing, runtimes
        create it when the container starts: empty, and owned by root, so a program that expects its files there
        finds none, and one that runs as another user cannot write there. Read-only roots and some runtimes refuse
        instead.
    Example: `WORKDIR /app` in a build stage, while the final stage copies to `/srv/app` and keeps `WORKDIR /app`.
    Remedy: Set `WORKDIR` in the final stage, after which the directory exists with the right owner.
    Fix safety: Review: the directory may be meant to come from a volume.
    Blind spots: A volume that is mounted there when the container starts makes it appear. Whether the user may
        enter and write it is not judged. Nothing is said where a layer could not be read.
    References: Dockerfile reference, "WORKDIR"; runc, "process.cwd".
    """

    code: ClassVar[str] = "CONF005"
    covers: ClassVar[tuple[int, ...]] = (55, 58)
    severity: ClassVar[Severity] = Severity.MEDIUM
    ends_gpu_work: ClassVar[Severity | None] = Severity.HIGH
    needs: ClassVar[tuple[type[Fact], ...]] = (Process, Identity, LayerProof)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding."""
        process, identity = facts.find(Process), facts.find(Identity)
        if process is None or process.working_directory.is_directory or has_unread_layers(facts):
            return
        folder = process.working_directory
        path = folder.path.strip("/")
        owner = "" if identity is None or not identity.specification else f" --chown={identity.specification}"
        fix = Fix(
            f"Create {folder.path} in the final stage",
            (f"WORKDIR {folder.path}", f"If files belong there: COPY{owner} … {folder.path}/"),
        )
        if folder.exists:
            message = f"The working directory {folder.path} is not a directory, so no container can start"
            evidence = Evidence(layer=folder.layer, path=path)
            yield self.finding(message, evidence, severity=Severity.HIGH, fixes=(fix,))
            return
        origin = "no layer has it" if folder.removed_by is None else f"layer {folder.removed_by} removed it"
        runs_as = ""
        if identity is not None and not identity.is_root:
            runs_as = f", which {identity.specification} cannot write to"
        message = (
            f"The working directory {folder.path} is missing ({origin}); runtimes create it empty, for root{runs_as}"
        )
        yield self.finding(message, Evidence(layer=folder.removed_by, path=path), fixes=(fix,))
