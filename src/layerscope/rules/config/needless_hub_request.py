"""CONF016: the image asks the hub for a model that it holds."""

from collections.abc import Iterator
from typing import ClassVar, Final

from layerscope.facts.config.hub_models import HubModel
from layerscope.facts.fact import Fact
from layerscope.facts.fact_set import FactSet
from layerscope.facts.python.distributions import Distribution
from layerscope.facts.python.named_models import NamedModel
from layerscope.rules.completeness import has_unread_layers
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.fix import Fix, FixKind, FixPlace
from layerscope.rules.hub_names import has_client, needs_more, tell_name
from layerscope.rules.rule import Rule
from layerscope.rules.severity import Confidence, Severity

VARIABLE: Final = "HF_HUB_OFFLINE"

FIX: Final = Fix(
    "Let the hub's client take what is in the image and ask nobody",
    (
        f"ENV {VARIABLE}=1   in the final stage, behind the steps that fetch the model",
        "Or name the model by its folder: a path is looked up in no hub",
    ),
    kind=FixKind.CONFIG_EDIT,
    edits=(SetVariable(VARIABLE, "1"),),
)


class NeedlessHubRequest(Rule):
    """The image asks the hub for a model that it holds.

    What it checks: The command, its scripts, the environment or the started Python script name a model by its name of
        the Hugging Face hub; the cache in which the client of the container's user looks has that model whole; and
        neither `HF_HUB_OFFLINE` nor `TRANSFORMERS_OFFLINE` is set to anything.
    Why it matters: The client asks the hub at every start whether its copy is the newest. Behind a firewall that takes
        connections and answers none, the start prints no line and does not end, though all that it needs lies in the
        image; with the variable it takes seconds. Where the hub answers, a newer revision may be fetched in the place
        of the one that was tested.
    Example: `RUN hf download Qwen/Qwen3-8B`, `CMD ["vllm", "serve", "Qwen/Qwen3-8B"]`, and a cluster without a way out.
    Remedy: `ENV HF_HUB_OFFLINE=1`.
    Fix safety: Review: what a program fetches beside that model, an adapter or a tokenizer of another name, no longer
        comes.
    Blind spots: A variable that a script sets by `env`, and programs that forbid the question in ways of their own, are
        not seen. Models of which the cache has several snapshots, or which lack a file that
        their names tell of, are left out, and so are images without huggingface_hub. `HF_HUB_OFFLINE=0` is a decision.
        Where something else of the hub is named that the cache lacks, a tokenizer or an adapter, nothing is said: the
        client has to ask. Nor is it where names are ModelScope's (`VLLM_USE_MODELSCOPE`), an option names the cache, a
        folder of the model's name lies where the process stands, which is taken first, or a file that is not read may
        set the variables (`. FILE`, `eval`, `--env-file`, `vllm serve --config`).
    References: https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables ("HF_HUB_OFFLINE");
        vllm-project/vllm issue 8458; measured with transformers 5 and huggingface_hub 1.
    """

    code: ClassVar[str] = "CONF016"
    covers: ClassVar[tuple[int, ...]] = (88,)
    severity: ClassVar[Severity] = Severity.MEDIUM
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (HubModel, NamedModel, Distribution)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """One finding for all such models: one variable cures them."""
        if has_unread_layers(facts) or not has_client(facts):
            return
        found = [(model, told) for model in facts.of(HubModel) if model.is_found and (told := tell_name(facts, model))]
        if not found or any(model.is_decided or needs_more(facts, model) for model, _ in found):
            return
        model, told = found[0]
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        message = (
            f"{model.name}, {told}, is whole in the image's cache{more}, and {VARIABLE} is not set: every start asks "
            "the hub for it"
        )
        yield self.finding(message, *(each.evidence for each, _ in found), fixes=(FIX,))
