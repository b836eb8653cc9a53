"""CONF010: the variable that switches Python's output buffer off."""

from collections.abc import Iterator
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit
from layerscope.fixes.dockerfile.edits.insertion import insert_instruction
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile_words import find_assignments
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety

CODE: Final = "CONF010"
VARIABLE: Final = "PYTHONUNBUFFERED"


def edit_buffered_output(
    findings: tuple[Finding, ...], _facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """One line more; none where the Dockerfile sets the variable already, if to nothing."""
    if not any(finding.code == CODE for finding in findings):
        return
    for each in matched.instructions:
        if each.keyword == "ENV" and any(name == VARIABLE for name, _ in find_assignments(each.operands)):
            yield NoEdit(CODE, None, f"line {each.number} sets {VARIABLE}, and the image does not have it so")
            return
    line = f"ENV {VARIABLE}=1"
    yield DockerfileEdit(CODE, None, f"Add {line}", Safety.SAFE, spans=(insert_instruction(matched, line),))
