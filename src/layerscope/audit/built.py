"""An image that was built anew from its edited Dockerfile, and the proof: audited, and compared with the one before."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from layerscope.audit.build_fix import BuildFix
from layerscope.audit.changed_files import ChangedFiles, compare_files
from layerscope.audit.compared_findings import compare_findings
from layerscope.audit.result import AuditResult
from layerscope.image.config import RuntimeConfig
from layerscope.rules.finding import Finding
from layerscope.rules.severity import Severity

_NUMBERS: Final = re.compile(r"\d+")


@dataclass(frozen=True)
class Built:
    """An image before and after, and what became of its findings.

    `objections` say what the proof found: with any, the new image has no name any more. `command` is what built it,
    and `shared` how many of its layers are the old ones.
    """

    before: AuditResult
    after: AuditResult
    fix: BuildFix
    command: tuple[str, ...]
    removed: tuple[Finding, ...]
    kept: tuple[Finding, ...]
    added: tuple[Finding, ...]
    files: ChangedFiles
    settings: tuple[str, ...]
    objections: tuple[str, ...]
    destination: str

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
    removed, added = _compare(before.findings, after.findings)
    kept = _list_kept(after.findings, added)
    objections = [
        *(f"{finding.code} is still there: {finding.message}; --only chooses others" for finding in kept
          if any(_is_of(finding, cured) for cured in fix.cures)),
        *(f"{finding.code} is new: {finding.message}" for finding in added if finding.severity >= Severity.LOW),
        *(() if after.is_intact else ("the new image is not intact",)),
    ]  # fmt: skip
    files = compare_files(
        before.tree,
        after.tree,
        layers_before=fix.list_layers_before(),
        layers_after=fix.list_layers_after(after.steps),
    )
    settings = _compare_settings(before.image.config.runtime, after.image.config.runtime)
    return Built(
        before, after, fix, tuple(command), removed, kept, added, files, settings, tuple(objections), destination
    )


def _compare(before: Sequence[Finding], after: Sequence[Finding]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The findings that are gone, and those that are new.

    Another release of a package has other numbers in its paths; a finding with some of the old paths is the old one.
    """
    removed, added = compare_findings(before, after)
    new = [finding for finding in added if not any(_is_of(finding, other) for other in removed)]
    gone = [finding for finding in removed if not any(_is_of(other, finding) for other in added)]
    return tuple(gone), tuple(new)


def _list_kept(after: Sequence[Finding], added: Sequence[Finding]) -> tuple[Finding, ...]:
    left = Counter(map(id, added))
    return tuple(finding for finding in after if not left[id(finding)])


def _is_of(finding: Finding, other: Finding) -> bool:
    """Whether two findings are one as far as paths tell: of one rule, and at some of the same paths, or at none."""
    own, others = _fold_paths(finding), _fold_paths(other)
    return finding.code == other.code and (not own.isdisjoint(others) or own == others)


def _fold_paths(finding: Finding) -> frozenset[str]:
    return frozenset(_NUMBERS.sub("#", place.path) for place in finding.locations if place.path is not None)


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
