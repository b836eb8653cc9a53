"""LAY103: a step copies files only to change their owner, mode or time."""

from typing import ClassVar

from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.origins import Maker
from layerscope.rules.ended_files import SQUASH, EndedFilesRule, is_copied, quote_step, tell_given
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.wording import quote_copy, tell_path


class MetadataOnlyCopy(EndedFilesRule):
    """A step copies files only to change their owner, mode or time.

    What it checks: Files that a later layer ships again with the same content (equal SHA-256), added up for each
        build step that does so.
    Why it matters: A layer stores whole files. `chown -R` over a directory of model weights doubles the image
        without changing a byte of them; it is the largest single waste found in ML images.
    Example: 26 GB of weights, shipped twice:

            COPY weights/ /models/
            RUN chown -R app:app /models

    Remedy: Set owner and mode where the files are made:

            COPY --chown=app:app --chmod=0644 weights/ /models/

    Fix safety: Review: `--chmod` gives one mode to files and directories alike; the user must exist or be given by
        number.
        In the layers themselves (`layerscope fix --apply --layers`) safe: a container sees the same files, which is
        proved before the image is put anywhere.
    Blind spots: Which of mode, owner, time and extended attributes changed is not told here (`layerscope diff` and
        `tree` show it). A copy with equal content may also come from a step that wrote the same file again.
    References: Dockerfile reference, "COPY --chown --chmod"; moby/moby issue 22810.
    """

    code: ClassVar[str] = "LAY103"
    covers: ClassVar[tuple[int, ...]] = (52,)
    ending: ClassVar[str] = "metadata"
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def tell(self, layer: str, files: str, origins: str, folders: str) -> str:
        """Who ships again what others brought."""
        return f"{layer} ships {files} of {origins} again with the same content: {folders}"

    def tell_small(self, layers: str, files: str) -> str:
        """How much small copies come to."""
        return f"Shipped again with the same content in {layers}: {files}, too little to be worth a rebuild"

    def suggest(self, step: EndedFiles) -> Fix:
        """Set owner and mode where the files are made."""
        origin, folder = step.origins[0], tell_path(step.folders[0].path)
        if origin.maker is Maker.BASE:
            return Fix(
                f"Leave owner and mode of {folder} as layer {origin.layer} has them",
                (f"{tell_given(origin)}: drop the change from layer {step.layer}", SQUASH),
            )
        if is_copied(origin):
            word, _, rest = quote_copy(origin.instruction).partition(" ")
            lead = f"Write `{word} --chown=USER:GROUP --chmod=MODE {rest}`."
        else:
            lead = (
                f"End {quote_step(origin.layer, origin.instruction)} with the chown or chmod of {folder}, joined by &&."
            )
        return Fix(
            f"Set owner and mode of {folder} in the step that makes it (layer {origin.layer})",
            (lead, f"Drop the change of owner or mode from layer {step.layer}."),
        )
