"""Variables of the environment, as the rules give them a value or take them out."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.edit import DockerfileEdit, NoEdit, Span
from layerscope.fixes.dockerfile.edits.insertion import insert_instruction
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_assignments, find_words
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.wording import tell_list

_PLAIN: Final = re.compile(r"[\w/.,:+@%=-]+", re.ASCII)
_QUOTABLE: Final = re.compile(r"[\w/.,:+@%= ;()<>-]+", re.ASCII)


class _Word(NamedTuple):
    """A word of the operands, and where it lies in them."""

    text: str
    start: int
    end: int


def edit_environment(
    findings: tuple[Finding, ...], _facts: FactSet, matched: MatchedDockerfile
) -> Iterator[DockerfileEdit | NoEdit]:
    """One edit for each finding whose fix sets variables or takes them out; those that change the same go together."""
    for finding in findings:
        for fix in finding.fixes:
            variables = [edit for edit in fix.edits if isinstance(edit, SetVariable)]
            if variables:
                yield _edit(finding, fix, variables, matched)
                break


def _edit(
    finding: Finding, fix: Fix, variables: list[SetVariable], matched: MatchedDockerfile
) -> DockerfileEdit | NoEdit:
    """All variables of a fix, or none."""
    spans: list[Span] = []
    for variable in variables:
        found = _change_variable(variable, matched)
        if isinstance(found, str):
            return NoEdit(finding.code, None, found)
        spans += found
    told = (f"no {each.name}" if each.value is None else f"{each.name} to {each.value}" for each in variables)
    title = f"Set {tell_list(told, shown=len(variables))}"
    return DockerfileEdit(finding.code, None, title, fix.safety, spans=tuple(spans))


def _change_variable(variable: SetVariable, matched: MatchedDockerfile) -> tuple[Span, ...] | str:
    """What to change in the lines that set it, or the line that is put in; a reason where that is not known."""
    setters = [
        each
        for each in matched.instructions
        if each.keyword == "ENV" and any(name == variable.name for name, _ in find_assignments(each.operands))
    ]
    if variable.value is None:
        return _delete(variable.name, setters, matched)
    value = _quote(variable.value)
    if value is None:
        return f"the value of {variable.name} has signs that need quoting by hand"
    if not setters:
        return (insert_instruction(matched, f"ENV {variable.name}={value}"),)
    if dict(find_assignments(setters[-1].operands))[variable.name] == variable.value:
        return f"line {setters[-1].number} sets {variable.name} so, and the image does not have it: build it again"
    return _change(setters[-1], variable.name, value, matched)


def _quote(value: str) -> str | None:
    """A value as ENV takes it; None for one with signs that the builder reads as more than themselves."""
    if _PLAIN.fullmatch(value):
        return value
    return f'"{value}"' if _QUOTABLE.fullmatch(value) else None


def _change(setter: Instruction, name: str, value: str, matched: MatchedDockerfile) -> tuple[Span, ...] | str:
    """The new value in place of the old one."""
    later = _find_user(name, setter, matched)
    if later is not None and later.keyword == "ENV":
        return f"line {later.number} builds on the value of line {setter.number}"
    words = _place_words(setter)
    word = next((each for each in words if each.text.startswith(f"{name}=")), None)
    if word is not None:
        start, end = word.start + len(name) + 1, word.end
    elif "=" in words[0].text:
        return f"how line {setter.number} sets it is not understood"
    else:
        start, end = words[1].start, len(setter.operands)
    if end <= start:
        place = setter.find_place(start - 1) + 1
        return (Span(place, place, value),)
    return (Span(setter.find_place(start), setter.find_place(end - 1) + 1, value),)


def _delete(name: str, setters: list[Instruction], matched: MatchedDockerfile) -> tuple[Span, ...] | str:
    """Nothing in place of what sets it."""
    if not setters:
        return f"the base image sets {name}: an ENV can change it there, not take it out"
    spans = []
    for setter in setters:
        later = _find_user(name, setter, matched)
        if later is not None and later not in setters:
            return f"line {later.number} uses {name}: take it out by hand"
        span = _delete_from(setter, name, matched)
        if span is None:
            return f"line {setter.number} sets {name} among others, with comments between: take it out by hand"
        spans.append(span)
    return tuple(spans)


def _delete_from(setter: Instruction, name: str, matched: MatchedDockerfile) -> Span | None:
    """The instruction where it sets nothing else; of several assignments the one, with the blanks beside it."""
    dockerfile = matched.dockerfile
    assignments = find_assignments(setter.operands)
    if len(assignments) == 1:
        return Span(dockerfile.find_line(setter.line.first), dockerfile.find_line(setter.end), "")
    words = _place_words(setter)
    told = [place for place, word in enumerate(words) if word.text.startswith(f"{name}=")]
    if len(told) != 1:
        return None
    (place,) = told
    if place + 1 < len(words):
        start, end = setter.find_place(words[place].start), setter.find_place(words[place + 1].start)
        between = dockerfile.text[setter.find_place(words[place].end - 1) + 1 : end]
    else:
        start, end = setter.find_place(words[place - 1].end - 1) + 1, setter.find_place(words[place].end - 1) + 1
        between = dockerfile.text[start : setter.find_place(words[place].start)]
    return Span(start, end, "") if not between.replace(dockerfile.escape, "").strip() else None


def _place_words(setter: Instruction) -> list[_Word]:
    """The words of the operands, each with its place."""
    words, position = list[_Word](), 0
    for text in find_words(setter.operands):
        start = setter.operands.index(text, position)
        position = start + len(text)
        words.append(_Word(text, start, position))
    return words


def _find_user(name: str, setter: Instruction, matched: MatchedDockerfile) -> Instruction | None:
    """The first later instruction that takes the variable's value."""
    use = re.compile(rf"\$(?:{re.escape(name)}\b|\{{{re.escape(name)}\b)")
    later = (each for each in matched.instructions if each.number > setter.number)
    return next((each for each in later if use.search(each.operands)), None)
