"""`layerscope fix --apply --probe`: an image, and the one that is made of it before that has its name, probed alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from layerscope.audit.applied import Prove
from layerscope.audit.options import AuditOptions
from layerscope.audit.probe_proof import find_probe_objections
from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.image_probe import Probing, probe_image
from layerscope.cli.probe_engine import find_engine
from layerscope.cli.recipe_fix import RecipeChoice
from layerscope.errors import ProbeError, UsageError
from layerscope.fixes.destinations.destination import Destination
from layerscope.fixes.destinations.engine import EngineDestination
from layerscope.fixes.destinations.trial import hold_on_trial
from layerscope.fixes.surgery.image_writer import NewImage
from layerscope.policies.policies import Policies
from layerscope.probe.probed import Probed
from layerscope.progress import Progress


@dataclass(frozen=True)
class ProofProbe:
    """How the image as it was and the new one are probed: with the same options, in the engines that have them."""

    image: str
    before: AuditResult
    probing: Probing
    destination: EngineDestination
    policies: Policies
    console: Console

    def probe_old(self, progress: Progress | None = None) -> "ProbedProof":
        """Probe the image as it was, before anything is made of it: raises ProbeError where that cannot be done."""
        if progress is not None:
            progress.note("probing the old image")
        old = self.probe(self.image, self.before, progress)
        _tell(self.image, old, self.console)
        return ProbedProof(self, old)

    def begin(self, progress: Progress) -> Prove:
        """The same for an image that is judged as a layout; raises ProbeError."""
        return self.probe_old(progress).judge_layout

    def probe(self, image: str, result: AuditResult, progress: Progress | None) -> Probed:
        """Probe one of the two; raises ProbeError."""
        return probe_image(
            image, self.probing, lambda _: result, policies=self.policies, console=self.console, progress=progress
        )[1]


@dataclass(frozen=True)
class ProbedProof:
    """What the old image did, which the new one is to do as well."""

    proof: ProofProbe
    old: Probed

    def judge(self, name: str, after: AuditResult, progress: Progress | None = None) -> tuple[str, ...]:
        """Why the image that the destination has under a name does less than the old one; nothing where it does not."""
        try:
            new = self.proof.probe(f"{self.proof.destination.kind}:{name}", after, progress)
        except ProbeError as error:
            return (f"the new image cannot be probed: {error}",)
        _tell("the new image", new, self.proof.console)
        return find_probe_objections(self.old, new)

    def judge_layout(self, layout: Path, new: NewImage, after: AuditResult, progress: Progress) -> Sequence[str]:
        """The same of an image that no engine has yet; raises SourceError and OSError, too."""
        progress.note("probing the new image")
        with hold_on_trial(self.proof.destination, layout, new, self.proof.console.complain) as name:
            return self.judge(name, after, progress)


def check_engine(wanted: RecipeChoice, destination: Destination | None) -> None:
    """Raise UsageError where a new image is to be probed that goes into no engine."""
    if wanted.probe and wanted.recipe is None and not isinstance(destination, EngineDestination):
        raise UsageError("--apply --probe: expected --to docker:NAME or --to podman:NAME, an engine that can run it")


def open_proof(
    image: str,
    result: AuditResult,
    wanted: RecipeChoice,
    destination: Destination | None,
    *,
    options: AuditOptions,
    console: Console,
) -> ProofProbe | None:
    """The proof, once it is known that an engine has the image; None where none is wanted. Raises ProbeError."""
    if not wanted.probe or not isinstance(destination, EngineDestination):
        return None
    find_engine(image)[0].close()
    return ProofProbe(image, result, wanted.probing, destination, options.policies, console)


def _tell(what: str, probed: Probed, console: Console) -> None:
    assert probed.verdict is not None, "a probe that was refused has raised"
    console.say(f"probe of {what}: {probed.verdict.title}")
