"""Instructions at the end of the target stage, in front of what it starts: the user that it runs as."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit
from layerscope.fixes.dockerfile.edits.insertion import insert_instruction
from layerscope.fixes.dockerfile.heirs import find_heir, tell_heir
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile import Instruction
from layerscope.rules.build_edit import AddLines
from layerscope.rules.finding import Finding
from layerscope.rules.wording import tell_list

_BUILDS: Final = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
_STARTS: Final = frozenset({"CMD", "ENTRYPOINT"})


def edit_last_lines(
    findings: tuple[Finding, ...], _facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """One edit for each finding whose fix adds such lines."""
    for finding in findings:
        for fix in finding.fixes:
            for edit in fix.build_edits:
                if isinstance(edit, AddLines):
                    if setter := _find_held(edit, matched):
                        told = f"line {setter.number} is {setter.keyword} {setter.operands}"
                        reason = f"{told}, and the image does not have it: build it again"
                        yield NoEdit(finding.code, None, reason, is_held=True)
                        continue
                    hindrance = _find_hindrance(edit, matched)
                    if hindrance:
                        yield NoEdit(finding.code, None, hindrance)
                        continue
                    span = insert_instruction(matched, matched.dockerfile.line_end.join(edit.lines))
                    yield DockerfileEdit(finding.code, None, f"Add {tell_list(edit.lines)}", fix.safety, spans=(span,))


def _find_held(edit: AddLines, matched: MatchedDockerfile) -> Instruction | None:
    """The last line of that keyword where it says what is to be added, so that the image is only older."""
    own = [each for each in matched.target.instructions if each.keyword == edit.keyword]
    wanted = [line.split() for line in edit.lines if line.startswith(edit.keyword)]
    return own[-1] if own and [own[-1].keyword, *own[-1].operands.split()] in wanted else None


def _find_hindrance(edit: AddLines, matched: MatchedDockerfile) -> str:
    """Why the lines cannot stand there; empty where they can."""
    stage = matched.target.instructions
    if (heir := find_heir(matched, stage[0])) is not None:
        return tell_heir(heir, edit.keyword)
    setter = next((each for each in reversed(stage) if each.keyword == edit.keyword), None)
    if setter is not None:
        return f"line {setter.number} has {edit.keyword} already: change it there"
    start = next((place for place, each in enumerate(stage) if each.keyword in _STARTS), len(stage))
    builder = next((each for each in stage[start:] if each.keyword in _BUILDS), None)
    if builder is not None:
        return f"line {builder.number} builds after line {stage[start].number}: put {edit.keyword} behind it by hand"
    return ""
