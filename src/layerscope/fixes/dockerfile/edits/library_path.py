"""LD_LIBRARY_PATH as the rules propose it: no part is empty, dead, or a folder that should not be searched."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit, Span
from layerscope.fixes.dockerfile.edits.insertion import insert_instruction
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_assignments, find_words
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Safety

VARIABLE: Final = "LD_LIBRARY_PATH"

_PROPOSED: Final = re.compile(rf"ENV {VARIABLE}=(\S+)")
_DELETED: Final = re.compile(rf"ENV {VARIABLE}=   \(nothing is left of it: delete the line\)")


def edit_library_path(
    findings: tuple[Finding, ...], _facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """One edit for all findings that propose a value: they propose the same."""
    for finding in findings:
        line = finding.fixes[0].steps[0] if finding.fixes and finding.fixes[0].steps else ""
        proposed, is_deleted = _PROPOSED.fullmatch(line), _DELETED.fullmatch(line) is not None
        if (proposed is None or "…" in line) and not is_deleted:
            continue
        result = _edit(finding, proposed[1] if proposed is not None else "", matched)
        yield NoEdit(finding.code, None, result) if isinstance(result, str) else result
        return


def _edit(finding: Finding, value: str, matched: MatchedDockerfile) -> DockerfileEdit | str:
    """The value in the last line that sets the variable; a line of its own where the base image sets it."""
    if "$" in value:
        return "its folders have variables of the loader in their names: they need quoting by hand"
    setters = [
        each
        for each in matched.instructions
        if each.keyword == "ENV" and any(name == VARIABLE for name, _ in find_assignments(each.operands))
    ]
    if not setters:
        if not value:
            return "nothing is left of it, and the base image sets it: empty it in the last stage"
        spans: tuple[Span, ...] | str = (insert_instruction(matched, f"ENV {VARIABLE}={value}"),)
        title = f"Set {VARIABLE} anew above the base image"
    else:
        spans = _change(setters[-1], value, matched) if value else _delete(setters, matched)
        title = f"Set {VARIABLE} to {value}" if value else f"Set no {VARIABLE}"
    return spans if isinstance(spans, str) else DockerfileEdit(finding.code, None, title, Safety.REVIEW, spans)


def _change(setter: Instruction, value: str, matched: MatchedDockerfile) -> tuple[Span, ...] | str:
    """The new value in place of the old one."""
    later = [each.number for each in matched.instructions if each.number > setter.number and _uses(each)]
    if later:
        return f"line {later[0]} builds on the value of line {setter.number}"
    for word in find_words(setter.operands):
        if word.startswith(f"{VARIABLE}="):
            start = setter.operands.index(word) + len(VARIABLE) + 1
            end = start + len(word) - len(VARIABLE) - 1
            break
    else:
        if "=" in find_words(setter.operands)[0]:
            return f"how line {setter.number} sets it is not understood"
        start, end = setter.operands.index(find_words(setter.operands)[1]), len(setter.operands)
    if end <= start:
        place = setter.find_place(start - 1) + 1
        return (Span(place, place, value),)
    return (Span(setter.find_place(start), setter.find_place(end - 1) + 1, value),)


def _delete(setters: list[Instruction], matched: MatchedDockerfile) -> tuple[Span, ...] | str:
    """Nothing in place of the only line that sets it and nothing else."""
    setter, dockerfile = setters[-1], matched.dockerfile
    if len(setters) > 1 or len(find_assignments(setter.operands)) > 1:
        return f"line {setter.number} is not alone in setting it, or sets more: take it out by hand"
    return (Span(dockerfile.find_line(setter.line.first), dockerfile.find_line(setter.end), ""),)


def _uses(instruction: Instruction) -> bool:
    return instruction.keyword == "ENV" and VARIABLE in instruction.operands
