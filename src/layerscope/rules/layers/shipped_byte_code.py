"""LAY106: Python byte-code makes up much of the image."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.byte_code import ByteCode
from layerscope.facts.layers.weight import ImageWeight
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Severity
from layerscope.rules.waste import CONSIDERABLE, CONSIDERABLE_SHARE, NEGLIGIBLE, share_of_image
from layerscope.rules.wording import locate_folders, tell_count, tell_layer, tell_list, tell_share, tell_size

FIX: Final = Fix(
    "Leave byte-code out of the image, where start-up time allows",
    (
        "ENV PYTHONDONTWRITEBYTECODE=1, and: pip install --no-compile …   (uv compiles only when asked)",
        "Keep it where cold starts count: a service that scales from zero starts faster with byte-code.",
    ),
)


class ShippedByteCode(Rule):
    """Python byte-code makes up much of the image.

    What it checks: Visible `.pyc` files in `__pycache__` folders, added up over the image.
    Why it matters: Python makes byte-code when it imports a module for the first time. In the image it is a tenth
        to a third of the size of pure-Python packages, it makes builds differ from one another (it records the
        times of its sources), and it goes stale when sources are changed by a later layer.
    Example: `pip install` compiles all that it installs: 40,000 files, 400 MB in a typical notebook image.
    Remedy: Install with `--no-compile`, and set `PYTHONDONTWRITEBYTECODE=1`. Without byte-code the first import of
        a large package takes seconds longer, so this is a choice: keep it where containers start often.
    Fix safety: Review: images get smaller and starts slower; with a read-only root, every start compiles again.
    Blind spots: `.pyc` files outside of `__pycache__` are left out: they may be all that is left of a module.
        Whether byte-code matches its source is not checked.
    References: PEP 3147; pip install --no-compile; Python documentation, PYTHONDONTWRITEBYTECODE.
    """

    code: ClassVar[str] = "LAY106"
    severity: ClassVar[Severity] = Severity.INFO
    needs: ClassVar[tuple[type[Fact], ...]] = (ByteCode, ImageWeight)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for the whole image."""
        layers = sorted(facts.of(ByteCode), key=lambda fact: (-fact.size, fact.layer))
        size, files = sum(fact.size for fact in layers), sum(fact.files for fact in layers)
        if size < NEGLIGIBLE:
            return
        share = share_of_image(size, facts)
        makers = tell_list((tell_layer(fact.layer, fact.instruction) for fact in layers), shown=2)
        message = (
            f"Byte-code takes {tell_size(size)} ({tell_share(share)} of the image) in {tell_count(files, 'file')}, "
            f"from {makers}"
        )
        folders = [folder for fact in layers for folder in fact.folders]
        folders.sort(key=lambda folder: (-folder.size, folder.layer, folder.path))
        severity = Severity.LOW if size >= CONSIDERABLE or share >= CONSIDERABLE_SHARE else Severity.INFO
        yield self.finding(message, *locate_folders(folders), severity=severity, fixes=(FIX,), wasted=size)
