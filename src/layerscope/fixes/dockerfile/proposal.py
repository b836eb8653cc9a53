"""All that can be edited in a Dockerfile for an image's findings, and why the rest cannot."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.filesystem.tree import MergedTree
from layerscope.fixes.dockerfile.applying import apply_edits
from layerscope.fixes.dockerfile.build_command import NAME, write_build_command
from layerscope.fixes.dockerfile.build_context import BuildContext
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit
from layerscope.fixes.dockerfile.edits.base_variant import edit_base_variant
from layerscope.fixes.dockerfile.edits.deletion import edit_deletions
from layerscope.fixes.dockerfile.edits.environment import edit_environment
from layerscope.fixes.dockerfile.edits.health_check import edit_health_check
from layerscope.fixes.dockerfile.edits.last_lines import edit_last_lines
from layerscope.fixes.dockerfile.edits.link_targets import edit_link_targets
from layerscope.fixes.dockerfile.edits.ownership import edit_ownership
from layerscope.fixes.dockerfile.edits.package_cache import edit_package_caches
from layerscope.fixes.dockerfile.edits.requirements import edit_requirements
from layerscope.fixes.dockerfile.file_changes import FileChange, join_file_edits
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.fixes.dockerfile.moving import find_changed, is_changed
from layerscope.fixes.dockerfile.rebuild import RebuildAdvice, advise_rebuilds
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety

EDITORS: Final = (
    edit_deletions,
    edit_ownership,
    edit_link_targets,
    edit_package_caches,
    edit_requirements,
    edit_base_variant,
    edit_environment,
    edit_health_check,
    edit_last_lines,
)


@dataclass(frozen=True)
class DockerfileProposal:
    """The edits that go together, in order, and the text with them; what gets none, with the reason; what to rebuild.

    Edits that are left out because of others are among `refused`, too. `name` is the file's, in diffs. `withheld`
    are edits that somebody should read first.
    """

    matched: MatchedDockerfile
    edits: tuple[DockerfileEdit, ...]
    text: str
    refused: tuple[NoEdit, ...]
    rebuilds: tuple[RebuildAdvice, ...]
    name: str = NAME
    withheld: tuple[DockerfileEdit, ...] = ()

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """The files that all edits together change, the Dockerfile first where it is among them."""
        return self._list_changes(self.edits, self.text)

    @property
    def diff(self) -> str:
        """The unified diff of all edits together, file by file."""
        return "".join(change.diff for change in self.changes)

    def find_patch(self, findings: Iterable[Finding]) -> str | None:
        """The unified diff of the edits for some findings; None where there is none for them."""
        dockerfile, told = self.matched.dockerfile, tuple(findings)
        edits = [edit for edit in self.edits if any(map(edit.is_for, told))]
        changes = self._list_changes(edits, apply_edits(dockerfile, edits)[0])
        return "".join(change.diff for change in changes) if edits else None

    def leave_out(self, refused: Iterable[tuple[DockerfileEdit, str]]) -> "DockerfileProposal":
        """The same without some edits, each with the reason."""
        reasons = dict(refused)
        kept = tuple(edit for edit in self.edits if edit not in reasons)
        told = (NoEdit(edit.code, edit.layer, reason, path=edit.path) for edit, reason in reasons.items())
        text = apply_edits(self.matched.dockerfile, kept)[0]
        return replace(self, edits=kept, text=text, refused=(*self.refused, *told))

    def _list_changes(self, edits: Iterable[DockerfileEdit], text: str) -> tuple[FileChange, ...]:
        before, context = self.matched.dockerfile.text, self.matched.context
        place = Path(self.name) if context is None else context.dockerfile
        own = (FileChange(self.name, place, before, text),) if text != before else ()
        return (*own, *(join_file_edits(edits) or ()))

    def list_held(self) -> tuple[NoEdit, ...]:
        """What a build brings without any edit: cures that the files hold already.

        Where none is known for sure, those of steps that the file has otherwise, or has no more: a build tells.
        """
        held = tuple(each for each in self.refused if each.is_held)
        return held or tuple(
            replace(each, is_held=True, remade=find_changed(self.matched, each.layer))
            for each in self.refused
            if each.layer is not None and is_changed(self.matched, each.layer)
        )

    def find_command(self, codes: Iterable[str]) -> str | None:
        """The command that builds the image again, for findings of some codes; None where they need no such."""
        told = set(codes)
        return next((self.write_command(advice.flags) for advice in self.rebuilds if advice.code in told), None)

    def write_command(self, flags: Sequence[str] = ()) -> str:
        """The command that builds the image again with these flags."""
        changes_files = any(edit.files for edit in self.edits)
        return write_build_command(self.matched, self.name, flags, changes_files=changes_files)


def propose_edits(
    findings: tuple[Finding, ...],
    facts: FactSet,
    matched: MatchedDockerfile,
    *,
    is_safe: bool = False,
    name: str = NAME,
    context: BuildContext | None = None,
    tree: MergedTree | None = None,
) -> DockerfileProposal:
    """Ask every editor, and apply what goes together; nothing where the image was not built from this file.

    With `is_safe`, only what may be applied unread. Without a context, no file beside the Dockerfile is changed, and
    none of a guessed one that the image holds otherwise in its `tree`.
    """
    matched = replace(matched, context=context, tree=tree)
    dockerfile = matched.dockerfile
    if not matched.is_related:
        unrelated = NoEdit("", None, "the image was not built from this Dockerfile: its history has other instructions")
        return DockerfileProposal(matched, (), dockerfile.text, (unrelated,), (), name)
    results = [result for editor in EDITORS for result in editor(findings, facts, matched)]
    edits = [each for each in results if isinstance(each, DockerfileEdit)]
    wanted = [edit for edit in edits if edit.safety is Safety.SAFE or not is_safe]
    text, kept, left_out = apply_edits(dockerfile, wanted)
    refused = tuple(each for each in results if isinstance(each, NoEdit))
    advice, withheld = advise_rebuilds(findings, matched), tuple(edit for edit in edits if edit not in wanted)
    return DockerfileProposal(matched, kept, text, (*refused, *left_out), advice, name, withheld)
