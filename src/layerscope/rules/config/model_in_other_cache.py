"""CONF019: the image holds a model where the hub's client does not look."""

from collections.abc import Iterator
from typing import ClassVar

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

VARIABLE, OFFLINE = "HF_HUB_CACHE", "HF_HUB_OFFLINE"


class ModelInOtherCache(Rule):
    """The image holds a model where the hub's client does not look.

    What it checks: A model that the command, its scripts, the environment or the started Python script name by its
        name of the Hugging Face hub is whole in a cache of the image, and the client of the container's user looks in
        another, which has no such model: by `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, or the home of the user.
    Why it matters: Every new container fetches again what it holds already; without a network, or where the client may
        ask nobody, it ends with "We couldn't connect to 'https://huggingface.co'", which says nothing of the cause.
    Example: `RUN hf download acme/tiny` as root, and `USER 1000` below it: one fills /root/.cache, the other looks in
        its own home.
    Remedy: `ENV HF_HUB_CACHE=` the cache's folder, which the user has to be able to read; and `HF_HUB_OFFLINE=1`, so
        that the client does not ask for what it has.
    Fix safety: Review: what else a program fetches would be kept in that folder, or no longer comes.
    Blind spots: Variables that a script sets by `env`, and programs that name the cache themselves, are not seen.
        Commands with an option for the cache (`--download-dir`, `--cache-dir`), which some files heed and others do
        not, and names that are ModelScope's are left out, and so are volumes at the client's place, images without
        huggingface_hub, and models that lack a file. Where a file that is not read may set the variables (`eval`,
        `--env-file`, `vllm serve --config`, and `. FILE` where FILE names one of them, is longer than 16 KiB, or has no
        name of those that shells read, as `.env` and `env.sh`), or a folder of the model's name lies where the process
        stands, nothing is said.
    References: https://huggingface.co/docs/huggingface_hub/guides/manage-cache;
        https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables.
    """

    code: ClassVar[str] = "CONF019"
    covers: ClassVar[tuple[int, ...]] = (78, 88)
    severity: ClassVar[Severity] = Severity.MEDIUM
    confidence: ClassVar[Confidence] = Confidence.MEDIUM
    needs: ClassVar[tuple[type[Fact], ...]] = (HubModel, NamedModel, Distribution)
    fixed_in: ClassVar[tuple[FixPlace, ...]] = (FixPlace.IMAGE, FixPlace.DOCKERFILE)

    def check(self, facts: FactSet) -> Iterator[Finding]:
        """At most one finding: one variable leads to one cache."""
        models = facts.of(HubModel)
        found = {model.name for model in models if model.is_found}
        if has_unread_layers(facts) or not has_client(facts):
            return
        for model in models:
            told = "" if model.name in found or model.is_volume else tell_name(facts, model)
            if told:
                fate = "and may ask nobody" if model.is_offline else "so that every new container fetches it again"
                message = f"{model.name}, {told}, lies in {model.cache}, and the client looks in {model.place}, {fate}"
                severity = Severity.HIGH if model.is_offline else self.severity
                yield self.finding(
                    message,
                    model.evidence,
                    severity=severity,
                    fixes=(_lead(model, may_close=not needs_more(facts, model)),),
                )
                return


def _lead(model: HubModel, *, may_close: bool) -> Fix:
    """The variable, where the user may read what is there; else a person has to open it first.

    A client that is led to the model would ask for it at every start: it is told to ask nobody, if it is told nothing
    and has all that it needs.
    Over what the command or a script sets, no variable of the config wins.
    """
    if model.is_led:
        step = f"Set {VARIABLE}={model.cache} where the command or its script sets it, or put the model there"
        return Fix("Lead the hub's client to the cache", (step,))
    variables = {VARIABLE: model.cache, **({OFFLINE: "1"} if may_close and not model.is_decided else {})}
    line = f"ENV {' '.join(f'{name}={value}' for name, value in variables.items())}   in the final stage"
    if model.is_readable:
        edits = tuple(SetVariable(name, value) for name, value in variables.items())
        return Fix("Lead the hub's client to the cache", (line,), kind=FixKind.CONFIG_EDIT, edits=edits)
    step = f"RUN chmod -R a+rX {model.cache}   in the step that fills it, and let everybody into the folders above it"
    return Fix("Put the cache where the user may read it, and lead the hub's client there", (step, line))
