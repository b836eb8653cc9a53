"""LAY102: files are shipped in one layer and replaced in a later one."""

from typing import ClassVar

from layerscope.facts.layers.endings import EndedFiles
from layerscope.facts.layers.origins import Maker
from layerscope.rules.ended_files import SQUASH, EndedFilesRule, quote_step, tell_given
from layerscope.rules.fix import Fix, FixPlace


class OverwrittenInLaterLayer(EndedFilesRule):
    """Files are shipped in one layer and replaced in a later one.

    What it checks: The bytes of files that an entry of a later layer, with other content, lies over, added up for
        each build step that replaces.
    Why it matters: Both versions are stored and pulled, the container sees one. Large cases are packages installed
        twice (torch from the base, then another torch) or upgraded over the base, and data that a later COPY brings
        again. A replaced library is also a frequent cause of conflicts that the older step did not know of.
    Example: The base installs torch 2.3, this step replaces 2.4 GB of it:

            FROM pytorch/pytorch:2.3.0-cuda12.1-cudnn8-runtime
            RUN pip install vllm        # replaces torch with the one it was built for

    Remedy: Install the wanted version once: choose a base that has it, or one that has none. Copy data in one step.
    Fix safety: Review: another base or another order of steps can change what the image contains.
        In the layers themselves (`layerscope fix --apply --layers`) safe: a container sees the same files, which is
        proved before the image is put anywhere.
    Blind spots: Less than a megabyte a step is told together, as information: package databases, caches of the
        loader and logs are rewritten by every installation. Sizes are uncompressed.
    References: Dockerfile best practices, "Leverage build cache"; dive's wasted bytes.
    """

    code: ClassVar[str] = "LAY102"
    covers: ClassVar[tuple[int, ...]] = (52, 57)
    ending: ClassVar[str] = "overwritten"
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE,)

    def tell(self, layer: str, files: str, origins: str, folders: str) -> str:
        """Who replaces what others brought."""
        return f"{layer} replaces {files} of {origins}: {folders}; the image ships both versions"

    def tell_small(self, layers: str, files: str) -> str:
        """What installations replace anyway."""
        return f"Replaced in {layers}: {files}, mostly package databases and caches that every step rewrites"

    def suggest(self, step: EndedFiles) -> Fix:
        """Bring the files once."""
        origin = step.origins[0]
        title = f"Bring the files of layer {origin.layer} once, in the version that layer {step.layer} wants"
        choose_base = "choose a base image with the wanted version: FROM BASE:TAG"
        if origin.maker is Maker.BASE:
            return Fix(title, (f"{tell_given(origin)}: {choose_base}", SQUASH))
        earlier, later = quote_step(origin.layer, origin.instruction), quote_step(step.layer, step.instruction)
        steps = [f"Join {earlier} and {later}, or drop from the first what the second replaces."]
        if origin.maker is Maker.STEP:
            steps.append(f"If the first belongs to the base image, {choose_base}")
        return Fix(
            title, (*steps, "For Python packages, pin them in the first installation: pip install -c constraints.txt …")
        )
