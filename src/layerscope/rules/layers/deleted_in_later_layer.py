"""LAY101: files are shipped in one layer and deleted in a later one."""

from typing import ClassVar

from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.origins import Maker, Origin, is_step
from layerscope.rules.deletions_by_step import iter_deletions
from layerscope.rules.ended_files import SQUASH, EndedFilesRule, tell_given
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.wording import begin, tell_layers, tell_size


class DeletedInLaterLayer(EndedFilesRule):
    """Files are shipped in one layer and deleted in a later one.

    What it checks: The bytes of files that a whiteout of a later layer removes, added up for each build step that
        removes.
    Why it matters: A layer cannot be changed by those above it. What a later step deletes is out of sight and still
        stored, pulled and kept on every node; if it was a secret, it still can be read.
    Example: Three steps, of which the last saves nothing:

            RUN curl -O https://example.com/cuda.run
            RUN sh cuda.run --silent
            RUN rm cuda.run

    Remedy: Delete files in the step that makes them, or make them in a stage of their own and copy the result:

            RUN curl -O https://example.com/cuda.run && sh cuda.run --silent && rm cuda.run

    Fix safety: Review: steps that are joined are also cached together.
        In the layers themselves (`layerscope fix --apply --layers`) safe: a container sees the same files, which is
        proved before the image is put anywhere.
    Blind spots: Deletions of less than a megabyte a step are told together, as information. Sizes are uncompressed;
        the registry stores less. Hard links that keep a file's content alive are taken into account.
    References: Dockerfile best practices, "Minimize the number of layers" and "Multi-stage builds"; dive's wasted
        bytes.
    """

    code: ClassVar[str] = "LAY101"
    covers: ClassVar[tuple[int, ...]] = (52,)
    ending: ClassVar[str] = "removed"
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def tell(self, layer: str, files: str, origins: str, folders: str) -> str:
        """Who deletes what others brought."""
        return f"{layer} deletes {files} that {origins} brought: {folders}; the bytes stay in the image"

    def tell_small(self, layers: str, files: str) -> str:
        """How much small deletions come to."""
        return f"Deleted in {layers}: {files}, too little to be worth a rebuild"

    def suggest(self, step: EndedFiles) -> Fix:
        """Delete where the files are made, or do without the layers that cannot be changed."""
        given = [origin for origin in step.origins if origin.maker is Maker.BASE]
        made = [origin for origin in step.origins if origin.maker is not Maker.BASE]
        steps = [origin for origin in given if is_step(origin.layer, origin.instruction)]
        others = [origin for origin in given if origin not in steps]
        advice = [(sum(origin.size for origin in others), _start_slimmer(others))] if others else []
        advice += [(origin.size, _change_base(origin)) for origin in steps[:1]]
        advice += [(origin.size, line) for origin, line in iter_deletions(made, step)]
        advice.sort(key=lambda item: -item[0])
        return Fix(_tell_goal(step, is_given=bool(given)), (*(line for _, line in advice), *_alternatives(given, made)))


def _tell_goal(step: EndedFiles, *, is_given: bool) -> str:
    """The title, about all bytes of the step."""
    if is_given:
        return f"Leave out from the start the {tell_size(step.size)} that layer {step.layer} deletes"
    makers = tell_layers(origin.layer for origin in step.origins)
    where = "the step that makes them" if len(step.origins) == 1 else "the steps that make them"
    return f"Delete the {tell_size(step.size)} in {where} ({makers}, not {step.layer})"


def _start_slimmer(given: list[Origin]) -> str:
    """What to do about layers that no step made."""
    size = tell_size(sum(origin.size for origin in given))
    verb = "has" if len(given) == 1 else "have"
    return (
        f"{begin(tell_layers(origin.layer for origin in given))} ({size}) {verb} no step to change: "
        "start from a base image without these files, such as its slim variant"
    )


def _change_base(origin: Origin) -> str:
    """What to do about a step of the base image's Dockerfile."""
    return (
        f"{tell_given(origin)} and brings {tell_size(origin.size)} of it: where the base is yours, change that step; "
        "otherwise start from a base image without these files"
    )


def _alternatives(given: list[Origin], made: list[Origin]) -> tuple[str, ...]:
    """Other ways to the same end."""
    if given:
        return (SQUASH,)
    stage = "Or make the files in a stage of their own, and take over the result: COPY --from=build /result /result"
    if made[0].maker is Maker.OWN:
        return (stage,)
    return stage, f"If layer {made[0].layer} belongs to the base image, choose a base that does not have them."
