"""What may be left of a finding that a build was to remove: what no edit was made for, and what edits only lessen."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from layerscope.audit.build_fix import STALE, BuildFix
from layerscope.audit.rebuilt_findings import fold_path, is_lessened
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit
from layerscope.fixes.dockerfile.matching import match_dockerfile
from layerscope.image.history import BuildStep
from layerscope.rules.finding import Finding, Location


@dataclass(frozen=True)
class ExplainedRest:
    """Whether what is left of a finding is explained, for a build that made an image of this history."""

    fix: BuildFix
    steps: tuple[BuildStep, ...]

    def covers(self, left: Finding, cured: Finding) -> bool:
        """Whether a finding that was to be gone is there for a reason, and less than before.

        Each place that is left has to be one of those that no edit was made for, unless an edit only lessens it.
        """
        proposal, held = self.fix.proposal, self.fix.held
        edits = [edit for edit in proposal.edits if edit.is_for(cured)]
        lessens = any(edit.lessens for edit in edits) or any(each.is_for(cured) for each in held)
        if lessens or cured.code in STALE:
            return is_lessened(left, cured)
        results: list[DockerfileEdit | NoEdit] = [*proposal.refused, *proposal.withheld]
        kept = [each for each in results if each.is_for(cured)]
        places = [place for place in cured.locations if _concerns(kept, place) and not _concerns(edits, place)]
        return is_lessened(left, cured) and all(self._is_one_of(place, places) for place in left.locations)

    def _is_one_of(self, place: Location, places: Iterable[Location]) -> bool:
        """Whether a place of the new image is one of these of the old one."""
        origins = self.find_origins(place.layer) if place.layer is not None else {None}
        return any(each.layer in origins and fold_path(each.path) == fold_path(place.path) for each in places)

    def find_origins(self, layer: int) -> frozenset[int | None]:
        """The layers of the old image that the same instruction made, or those of its base."""
        return self._origins.get(layer, self._below)

    @cached_property
    def _origins(self) -> dict[int, frozenset[int | None]]:
        """For each layer of the new image that an instruction made, the layers that the same one made before."""
        matched, file = self.fix.proposal.matched, self.fix.file
        before: dict[int, set[int | None]] = {}
        for match in matched.matches:
            before.setdefault(match.instruction.number, set()).add(match.step.layer)
        after = match_dockerfile(file.after, self.steps, self.fix.target, matched.base_shell)
        return {
            match.step.layer: frozenset(before.get(file.find_old(match.instruction).number, ()))
            for match in after.matches
            if match.step.layer is not None
        }

    @cached_property
    def _below(self) -> frozenset[int | None]:
        """The layers of the old image that no instruction made: those of its base, which may be another now."""
        matched = self.fix.proposal.matched
        made = {match.step.layer for match in matched.matches}
        return frozenset(step.layer for step in matched.steps if step.layer not in made)


def _concerns(results: Iterable[DockerfileEdit | NoEdit], place: Location) -> bool:
    """Whether one of these is about the layer of a place."""
    return any(each.layer in {None, place.layer} for each in results)
