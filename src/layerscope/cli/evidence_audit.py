"""The audit that looks for evidence of errors in an image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from layerscope.audit.evidence import find_evidence
from layerscope.audit.gpu_facts import find_driver
from layerscope.audit.image_values import find_image_values
from layerscope.audit.pipeline import audit_image
from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.gpu_options import ask_about
from layerscope.cli.image_access import choose_source, make_options, tell_cache_notes
from layerscope.cli.options import Reading
from layerscope.cli.progress import show_progress
from layerscope.policies.explanation import Explanation, fit_explanation
from layerscope.policies.gpu_names import parse_capability
from layerscope.policies.policies import Policies


@dataclass(frozen=True)
class Question:
    """The GPUs and the driver that were named, and where other tables lie."""

    gpus: tuple[str, ...] = ()
    driver: str | None = None
    fleet: Path | None = None
    policy_dir: Path | None = None


def audit_for(
    found: Sequence[Explanation], image: str, reading: Reading, question: Question, *, console: Console
) -> AuditResult:
    """The audit of IMAGE, for the GPUs and the driver in question, else for those that the messages name."""
    options = make_options(reading, policy_dir=question.policy_dir)
    gpus = question.gpus or _find_gpus(found, options.policies)
    driver = question.driver
    if driver is None and question.fleet is None:
        driver = _find_driver(found, options.policies)
    options = replace(options, **ask_about(options, gpus=gpus, driver=driver, fleet=question.fleet))
    source = choose_source(image, reading)
    with show_progress(console) as progress:
        result = audit_image(source, options=options, progress=progress)
    tell_cache_notes(options.cache, console)
    return result


def _find_gpus(found: Sequence[Explanation], policies: Policies) -> tuple[str, ...]:
    """The compute capabilities that messages name, where the tables know them."""
    named = dict.fromkeys(f"sm_{value}" for each in found if (value := each.values.get("sm")))
    known = policies.gpu_arch.capabilities
    return tuple(name for name in named if parse_capability(name) in known)


def _find_driver(found: Sequence[Explanation], policies: Policies) -> str | None:
    """The driver branch that a message tells by the CUDA version that it serves."""
    named = (find_driver(each.values.get("found", ""), policies.cuda_driver) for each in found)
    return next(filter(None, named), None)


def fit_to_image(found: Sequence[Explanation], policies: Policies, result: AuditResult) -> tuple[Explanation, ...]:
    """The explanations with the causes and cures that apply to the image."""
    return tuple(
        fit_explanation(
            each,
            policies.errors,
            find_image_values(result, each, find_evidence(result, each, policies), policies),
        )
        for each in found
    )
