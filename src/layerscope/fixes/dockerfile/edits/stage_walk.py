"""The instructions of a stage, each with what is set and made before it, there and in the stages that it stands on."""

from collections.abc import Iterator, Mapping

from layerscope.fixes.dockerfile.edits.cache_uses import makes_folder
from layerscope.fixes.dockerfile.matching import MatchedDockerfile, find_stage_place, read_global_values
from layerscope.fixes.dockerfile.scripts import read_script
from layerscope.formats.dockerfile import Instruction, Stage
from layerscope.formats.dockerfile_words import expand_variables, find_assignments

Step = tuple[Instruction, Mapping[str, str], str]
"""An instruction, the values of ENV and ARG that it sees, and the words that tell which folders are made before it."""


def walk(stage: Stage, matched: MatchedDockerfile) -> Iterator[Step]:
    """The steps of a stage, without FROM."""
    settings, made = dict[str, str](), list[str]()
    for below in _list_chain(stage, matched):
        for each in below.instructions[1:]:
            if below is stage:
                yield each, dict(settings), " ".join(made)
            _note(each, settings, made)


def read_made(stage: Stage, matched: MatchedDockerfile) -> str:
    """The words that tell which folders a whole stage has made by their names."""
    settings, made = dict[str, str](), list[str]()
    for below in _list_chain(stage, matched):
        for each in below.instructions[1:]:
            _note(each, settings, made)
    return " ".join(made)


def _note(instruction: Instruction, settings: dict[str, str], made: list[str]) -> None:
    """Add what an instruction sets, and what it makes."""
    if instruction.keyword in {"ARG", "ENV"}:
        settings.update(
            (name, expand_variables(value, settings))
            for name, value in find_assignments(instruction.operands)
            if value or instruction.keyword == "ENV"
        )
    elif instruction.keyword == "RUN":
        made += [each.text for each in read_script(instruction) if makes_folder(each.text)]
    elif instruction.keyword == "WORKDIR":
        made.append(instruction.operands)
    elif instruction.keyword in {"COPY", "ADD"}:
        made.append(instruction.operands.rpartition(" ")[2])


def _list_chain(stage: Stage, matched: MatchedDockerfile) -> list[Stage]:
    """The stages that a stage stands on, the lowest first, and itself."""
    stages, known = matched.dockerfile.stages, read_global_values(matched.dockerfile)
    chain = [stage]
    place = find_stage_place(stages, expand_variables(stage.base, known), stages.index(stage))
    while place is not None:
        chain.insert(0, stages[place])
        place = find_stage_place(stages, expand_variables(stages[place].base, known), place)
    return chain
