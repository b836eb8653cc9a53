"""LAY204: a symlink leads to nothing in the image."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.fact import Evidence, Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.layers.links import DanglingLink as Link
from layerscope.facts.layers.links import DanglingLinks
from layerscope.facts.layers.proof import LayerProof
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixPlace
from layerscope.rules.layer_fixes import drop_paths
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity
from layerscope.rules.wording import tell_count, tell_layer, tell_path

HARMLESS: Final = frozenset({"documentation", "boot", "alternative"})
"""What distributions leave behind when they strip documentation and kernels from images."""

NEEDED: Final = frozenset({"program", "library", "model"})
"""Links that something is going to follow."""


class DanglingLink(Rule):
    """A symlink leads to nothing in the image.

    What it checks: Every visible symlink, followed inside the merged tree, reaches something. Left out are targets
        that a runtime provides (`/proc`, `/sys`, `/dev`, `/run`, `/tmp`, mounts, driver libraries) and what
        distributions strip on purpose (documentation, kernel, alternatives).
    Why it matters: A link without its target is what a copy from a build stage leaves when it takes too little: a
        virtual environment whose `python` was in the builder, a library without the file of its full version, a
        Hugging Face snapshot without its blobs. The program then fails with "No such file or directory" for a file
        that `ls` shows.
    Example: The snapshot holds links into `blobs/`, which was not copied:

            COPY --from=download /cache/models--org--name/snapshots /models/snapshots

    Remedy: Copy the folder that holds both link and target, or the target itself.
    Fix safety: Review: what was left out has to be found in the build stage.
    Blind spots: Targets that a volume or an init container brings at run time are reported all the same. The
        history does not say whether a COPY came from another stage. Nothing is said where a layer could not be
        read.
    References: symlink(7); Dockerfile reference, "COPY --from"; huggingface_hub documentation, "Cache layout".
    """

    code: ClassVar[str] = "LAY204"
    covers: ClassVar[tuple[int, ...]] = (55, 58)
    severity: ClassVar[Severity] = Severity.LOW
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (DanglingLinks, LayerProof)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding a layer and kind of link."""
        if has_unread_layers(facts):
            return
        for fact in facts.of(DanglingLinks):
            if fact.kind in HARMLESS:
                continue
            is_copied = fact.instruction.startswith(("COPY", "ADD"))
            first = fact.links[0]
            kind = f"{fact.kind} link" if fact.kind in NEEDED else "link"
            lead = "leads" if fact.count == 1 else "lead"
            message = (
                f"{tell_count(fact.count, kind)} of {tell_layer(fact.layer, fact.instruction)} {lead} to nothing: "
                f"{tell_path(first.path)} points to {first.target}, {_explain(first)}"
            )
            places = [Evidence(layer=fact.layer, path=link.path) for link in fact.links]
            severity = self._judge(fact.kind, is_copied=is_copied)
            fixes = [_suggest(fact, first, is_copied=is_copied)]
            if fact.kind not in NEEDED and fact.count == len(fact.links):
                fixes.append(drop_paths(link.path for link in fact.links))
            yield self.finding(message, *places, severity=severity, fixes=tuple(fixes))

    def _judge(self, kind: str, *, is_copied: bool) -> Severity:
        """Links that programs follow are worse, those that a copy brought most of all."""
        if kind not in NEEDED:
            return self.severity
        return Severity.HIGH if is_copied else Severity.MEDIUM


def _explain(link: Link) -> str:
    """Where the target went."""
    if link.is_loop:
        return "which leads back to it or through more links than the kernel follows"
    return "which no layer ever had" if link.removed_by is None else f"which layer {link.removed_by} removed"


def _suggest(fact: DanglingLinks, link: Link, *, is_copied: bool) -> Fix:
    """Bring the target along."""
    if link.removed_by is not None:
        return Fix(
            f"Keep {link.target}, or remove the link with it",
            (f"Take {link.target} out of what layer {link.removed_by} deletes, or add: rm {tell_path(link.path)}",),
        )
    if is_copied:
        return Fix(
            f"Copy the target of {tell_path(link.path)} too",
            (
                f"COPY --from=STAGE {link.target} {link.target}   (or the folder that holds link and target)",
                "Copy virtual environments to the path they were made at, onto a base with the same Python.",
            ),
        )
    return Fix(
        f"Create the target of {tell_path(link.path)}, or remove the link",
        (f"RUN rm {tell_path(link.path)}   in the step of layer {fact.layer}, or install what provides {link.target}",),
    )
