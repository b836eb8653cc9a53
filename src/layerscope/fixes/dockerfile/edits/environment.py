"""Variables of the environment, as the rules give them a value or take them out."""

import re
from collections.abc import Iterator
from typing import Final

from layerscope.facts.fact_set import FactSet
from layerscope.fixes.dockerfile.assignments import can_drop_words, place_words
from layerscope.fixes.dockerfile.edit import DockerfileEdit, Drop, NoEdit, Span
from layerscope.fixes.dockerfile.edits.insertion import insert_instruction
from layerscope.fixes.dockerfile.heirs import find_heir, tell_heir
from layerscope.fixes.dockerfile.matching import MatchedDockerfile
from layerscope.formats.dockerfile import Instruction
from layerscope.formats.dockerfile_words import find_assignments
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, Safety
from layerscope.rules.wording import tell_list

_PLAIN: Final = re.compile(r"[\w/.,:+@%=-]+", re.ASCII)
_QUOTABLE: Final = re.compile(r"[\w/.,:+@%= ;()<>-]+", re.ASCII)


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
    changes: list[Span | Drop] = []
    held: list[str] = []
    for variable in variables:
        if reason := _find_held(variable, matched):
            held.append(reason)
            continue
        found = _change_variable(variable, matched, is_harmless=fix.safety is Safety.SAFE)
        if isinstance(found, str):
            return NoEdit(finding.code, None, found)
        changes += found
    if held and not changes:
        return NoEdit(finding.code, None, held[0], is_held=True)
    told = (f"no {each.name}" if each.value is None else f"{each.name} to {each.value}" for each in variables)
    title = f"Set {tell_list(told, shown=len(variables))}"
    spans = tuple(each for each in changes if isinstance(each, Span))
    drops = tuple(each for each in changes if isinstance(each, Drop))
    return DockerfileEdit(finding.code, None, title, fix.safety, spans=spans, drops=drops)


def _find_heir(setters: list[Instruction], matched: MatchedDockerfile) -> str:
    """Why a variable cannot be another for the image alone; empty where it can."""
    for place in setters or [matched.target.instructions[0]]:
        heir = find_heir(matched, place)
        if heir is not None:
            return tell_heir(heir, "the variable")
    return ""


def _change_variable(
    variable: SetVariable, matched: MatchedDockerfile, *, is_harmless: bool
) -> tuple[Span | Drop, ...] | str:
    """What to change in the lines that set it, or the line that is put in; a reason where that is not known."""
    setters = _list_setters(variable.name, matched)
    if not is_harmless and (heir := _find_heir(setters, matched)):
        return heir
    if variable.value is None:
        return _delete(variable.name, setters, matched)
    value = _quote(variable.value)
    if value is None:
        return f"the value of {variable.name} has signs that need quoting by hand"
    if not setters:
        return (insert_instruction(matched, f"ENV {variable.name}={value}"),)
    return _change(setters[-1], variable.name, value, matched)


def _list_setters(name: str, matched: MatchedDockerfile) -> list[Instruction]:
    """The lines that set a variable."""
    return [each for each in matched.instructions if each.keyword == "ENV" and name in _read_names(each.operands)]


def _read_names(operands: str) -> set[str]:
    return {name for name, _ in find_assignments(operands)}


def _find_held(variable: SetVariable, matched: MatchedDockerfile) -> str:
    """How the Dockerfile has the variable as it should be, so that the image is only older; empty where it has not."""
    name, setters = variable.name, _list_setters(variable.name, matched)
    if setters:
        is_so = dict(find_assignments(setters[-1].operands))[name] == variable.value
        return (
            f"line {setters[-1].number} sets {name} so, and the image does not have it: build it again" if is_so else ""
        )
    first = min((match.step.position for match in matched.matches), default=len(matched.steps))
    lines = [step.instruction.partition(" ")[::2] for step in matched.steps if step.position >= first]
    if variable.value is None and any(keyword == "ENV" and name in _read_names(rest) for keyword, rest in lines):
        return f"no line sets {name} any more, and the image has it: build it again"
    return ""


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
    words = place_words(setter)
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


def _delete(name: str, setters: list[Instruction], matched: MatchedDockerfile) -> tuple[Drop, ...] | str:
    """Nothing in place of what sets it."""
    if not setters:
        return f"{_tell_setter(name, matched)} sets {name}: an ENV can change it there, not take it out"
    drops = list[Drop]()
    for setter in setters:
        later = _find_user(name, setter, matched)
        if later is not None and later not in setters:
            return f"line {later.number} uses {name}: take it out by hand"
        assignments = find_assignments(setter.operands)
        places = frozenset(place for place, (each, _) in enumerate(assignments) if each == name)
        if not can_drop_words(matched.dockerfile, setter, places):
            return f"line {setter.number} sets {name} among others, with comments between: take it out by hand"
        drops += [Drop(setter.number, place) for place in sorted(places)]
    return tuple(drops)


def _tell_setter(name: str, matched: MatchedDockerfile) -> str:
    """What may set a variable that no line does: next to the image's own steps, a line that was taken out, too."""
    first = min((match.step.position for match in matched.matches), default=0)
    step = next((each for each in matched.steps if each.position == first - 1), None)
    keyword, _, rest = step.instruction.partition(" ") if step is not None else ("", "", "")
    is_near = keyword == "ENV" and name in _read_names(rest)
    return f"the base image{', or a line that the file does not have any more,' if is_near else ''}"


def _find_user(name: str, setter: Instruction, matched: MatchedDockerfile) -> Instruction | None:
    """The first later instruction that takes the variable's value."""
    use = re.compile(rf"\$(?:{re.escape(name)}\b|\{{{re.escape(name)}\b)")
    later = (each for each in matched.dockerfile.instructions if each.number > setter.number)
    return next((each for each in later if use.search("\n".join((*each.flags, each.text)))), None)
