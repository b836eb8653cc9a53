"""An image that was built anew from its edited Dockerfile, and the proof: audited, and compared with the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.audit.build_fix import BuildFix
from layerscope.audit.changed_files import ChangedFiles, compare_files
from layerscope.audit.explained_rest import ExplainedRest
from layerscope.audit.rebuilt_findings import RebuiltFindings, compare_rebuilt
from layerscope.audit.renamed_waste import Renamed, find_renamed
from layerscope.audit.result import AuditResult
from layerscope.audit.way_out import tell_way_out
from layerscope.diff.findings import tell_added
from layerscope.image.config import RuntimeConfig
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Severity

BY_CACHE: Final = frozenset({"LAY201"})
"""What a build from the cache brings by itself: steps of today above those of long ago, which are as they were."""


@dataclass(frozen=True)
class Built:
    """An image before and after, and what became of its findings.

    `objections` say what the proof found: with any, the new image has no name any more. `command` is what built it.
    """

    before: AuditResult
    after: AuditResult
    fix: BuildFix
    command: tuple[str, ...]
    findings: RebuiltFindings
    files: ChangedFiles
    settings: tuple[str, ...]
    objections: tuple[str, ...]
    destination: str
    renamed: tuple[Renamed, ...] = ()
    """Findings among those kept that other rules told of before."""

    @property
    def is_proved(self) -> bool:
        """Whether the new image is what it should be."""
        return not self.objections

    @property
    def shared(self) -> frozenset[int]:
        """The layers of the new image, by number, that the old one has."""
        old = {layer.diff_id for layer in self.before.layers}
        return frozenset(layer.index for layer in self.after.layers if layer.diff_id in old)


def prove_build(
    before: AuditResult, after: AuditResult, fix: BuildFix, *, command: Sequence[str], destination: str
) -> Built:
    """What the new image is, and whether it is what it should be."""
    findings, rest = compare_rebuilt(before.findings, after.findings, cures=fix.cures), ExplainedRest(fix, after.steps)
    renamed = find_renamed(findings, before.facts, rest.find_origins)
    findings = findings.take_back([each.finding for each in renamed])
    objections = [
        *(
            f"{each.code} is still there: {each.message}; --only chooses others"
            for each in findings.list_uncured(fix.cures, rest.covers)
        ),
        *(
            f"{tell_added(each, findings.graver)}{tell_way_out(each, fix, after)}"
            for each in findings.added
            if _is_bad(each)
        ),
        *(() if after.is_intact else ("the new image is not intact",)),
    ]
    files = compare_files(
        before.tree,
        after.tree,
        layers_before=fix.list_layers_before(),
        layers_after=fix.list_layers_after(after.steps),
    )
    settings = _compare_settings(before.image.config.runtime, after.image.config.runtime)
    return Built(before, after, fix, tuple(command), findings, files, settings, tuple(objections), destination, renamed)


def _is_bad(finding: Finding) -> bool:
    """Whether a new or graver finding speaks against the image."""
    return finding.severity >= Severity.LOW and finding.code not in BY_CACHE


def _compare_settings(before: RuntimeConfig, after: RuntimeConfig) -> tuple[str, ...]:
    """What of the config is another: the names of variables and labels, and those of other fields."""
    old, new = (dict(entry.partition("=")[::2] for entry in config.env) for config in (before, after))
    variables = [f"environment variable {name}" for name in sorted(old | new) if old.get(name) != new.get(name)]
    labels = [
        f"label {name}"
        for name in sorted({**before.labels, **after.labels})
        if before.labels.get(name) != after.labels.get(name)
    ]
    fields = [
        name.replace("_", " ")
        for name in RuntimeConfig.__struct_fields__
        if name not in {"env", "labels", "args_escaped"} and getattr(before, name) != getattr(after, name)
    ]
    return (*variables, *labels, *fields)
