"""Stages that stand on those of the target, and get what is changed there although the image is not built of them."""

from layerscope.fixes.dockerfile.matching import MatchedDockerfile, find_stage_place, read_global_values
from layerscope.formats.dockerfile import Instruction, Stage
from layerscope.formats.dockerfile_words import expand_variables


def find_heir(matched: MatchedDockerfile, instruction: Instruction) -> Stage | None:
    """The first stage outside of the target's chain that stands, by whatever others, on the one of an instruction."""
    return next((stage for stage in list_heirs(matched, instruction) if stage not in matched.chain), None)


def list_heirs(matched: MatchedDockerfile, instruction: Instruction) -> list[Stage]:
    """The stage of an instruction, and those that stand on it, by whatever others."""
    stages, known = matched.dockerfile.stages, read_global_values(matched.dockerfile)
    heirs = [stage for stage in stages if instruction in stage.instructions]
    for place, stage in enumerate(stages):
        base = find_stage_place(stages, expand_variables(stage.base, known), place)
        if base is not None and stages[base] in heirs and stage not in heirs:
            heirs.append(stage)
    return heirs


def tell_heir(heir: Stage, what: str) -> str:
    """Why a change is left to a person where another stage gets it, too."""
    return f"the stage of line {heir.instructions[0].number} gets {what} too: change it by hand"
