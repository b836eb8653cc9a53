"""What an image is built anew for: the edits and flags, the findings they are to remove, and why not more is done."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from layerscope.fixes.builds.edited_file import EditedFile
from layerscope.fixes.builds.request import join_flags
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit
from layerscope.fixes.dockerfile.matching import MatchedDockerfile, match_dockerfile
from layerscope.fixes.dockerfile.proposal import DockerfileProposal
from layerscope.fixes.dockerfile.rebuild import RebuildAdvice, find_stage
from layerscope.formats.dockerfile import parse_dockerfile
from layerscope.image.history import BuildStep
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety

STALE: Final = frozenset({"LAY201", "LAY202", "ELF022"})
"""Findings that a rebuild removes; that a base image is named by a tag which moves is none."""

FILTER: Final = "--no-cache-filter"


@dataclass(frozen=True)
class BuildFix:
    """The Dockerfile with the edits that are made, and the advice that is followed."""

    proposal: DockerfileProposal
    advice: tuple[RebuildAdvice, ...]
    findings: tuple[Finding, ...] = field(repr=False)
    held: tuple[NoEdit, ...] = ()
    """Cures that the files hold already."""
    target: str = ""
    """The stage that is built, as it was asked for; the last one where it was not."""

    @property
    def is_empty(self) -> bool:
        """Whether a build would change nothing that anybody asked for."""
        return not self.proposal.edits and not self.advice and not self.held

    @property
    def flags(self) -> tuple[str, ...]:
        """What the builder is told to make anew."""
        pairs = [flags for each in self.advice for flags in _split(each.flags)]
        return join_flags(pairs)

    @property
    def cures(self) -> tuple[Finding, ...]:
        """The findings that are to be gone."""
        codes, remade = {each.code for each in self.advice} & STALE, self.list_layers_before()
        return tuple(
            finding
            for finding in self.findings
            if (finding.code in codes and any(place.layer in remade for place in finding.locations))
            or any(edit.is_for(finding) for edit in self.proposal.edits)
            or any(held.is_for(finding) for held in self.held)
        )

    @cached_property
    def file(self) -> EditedFile:
        """The Dockerfile before and after."""
        held = (
            DockerfileEdit(each.code, each.layer, each.reason, Safety.SAFE, remade=each.remade)
            for each in self.held
            if each.remade
        )
        edits = (*self.proposal.edits, *held)
        return EditedFile(self.proposal.matched.dockerfile, parse_dockerfile(self.proposal.text.encode()), edits)

    def list_layers_before(self) -> frozenset[int]:
        """The layers of the image that the edits and the advice are about."""
        matched = self.proposal.matched
        return frozenset(self._iter_layers(matched, self.file.changed_before))

    def list_layers_after(self, steps: tuple[BuildStep, ...]) -> frozenset[int]:
        """The same of the image with this history, which was built from the edited file."""
        matched = match_dockerfile(self.file.after, steps, self.target, self.proposal.matched.base_shell)
        return frozenset(self._iter_layers(matched, self.file.changed_after))

    def _iter_layers(self, matched: MatchedDockerfile, changed: Collection[int]) -> Sequence[int]:
        flags = _read_flags(self.flags)
        stages = set(filter(None, flags.get(FILTER, "").split(",")))
        lowest = min((match.step.layer for match in matched.matches if match.step.layer is not None), default=0)
        is_other_base = "--pull" in flags or matched.chain[0].instructions[0].number in changed
        layers = list(range(lowest)) if is_other_base else []
        for match in matched.matches:
            layer = match.step.layer
            stage = find_stage(layer, matched) if layer is not None else None
            is_remade = "--no-cache" in flags or (stage is not None and stage.name in stages)
            if layer is not None and (is_remade or match.instruction.number in changed):
                layers.append(layer)
        return layers


def choose_build_fix(
    proposal: DockerfileProposal, findings: tuple[Finding, ...], *, reviewed: bool, target: str
) -> BuildFix:
    """What is done for these findings; the proposal is of safe edits alone, unless somebody has `reviewed` all."""
    safe = {finding.code for finding in findings if any(fix.safety is Safety.SAFE for fix in finding.fixes[:1])}
    advice = tuple(each for each in proposal.rebuilds if reviewed or each.code in safe)
    certain = tuple(each for each in proposal.refused if each.is_held)
    held = certain if proposal.edits or advice else proposal.list_held()
    return BuildFix(proposal, advice, findings, held, target)


def _split(flags: Sequence[str]) -> list[tuple[str, ...]]:
    """Each flag with its value."""
    return [
        (flag, flags[number + 1]) if flag == FILTER else (flag,)
        for number, flag in enumerate(flags)
        if flag.startswith("--")
    ]


def _read_flags(flags: Sequence[str]) -> Mapping[str, str]:
    """The flags with their values; empty for those without."""
    values: dict[str, str] = {}
    for pair in _split(flags):
        name, *rest = pair
        values[name] = ",".join(filter(None, (values.get(name, ""), *rest)))
    return values
