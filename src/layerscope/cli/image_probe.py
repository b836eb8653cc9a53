"""From IMAGE and its options to a probe: `probe` and `audit --probe` come this way, and no other."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, fields
from functools import wraps
from typing import Any, Final

import click
from msgspec.structs import replace

from layerscope.audit.model_target import choose_model
from layerscope.audit.probe_server import UnknownServer, find_server, find_unknown_server
from layerscope.audit.probe_target import choose_target
from layerscope.audit.result import AuditResult
from layerscope.cli.console import Console
from layerscope.cli.probe_engine import find_engine, list_gpu_accesses
from layerscope.cli.progress import show_progress
from layerscope.cli.server_key import read_key
from layerscope.cli.sizes import parse_size
from layerscope.engine.log_driver import tell_lost_logs
from layerscope.errors import EngineError, ProbeError
from layerscope.policies.policies import Policies
from layerscope.probe.collect import GENERATION, ROLES, SERVING, SYSTEM, TRACE, VISIBILITY
from layerscope.probe.concealment import find_env_secrets
from layerscope.probe.confinement import Confinement
from layerscope.probe.disk_watch import find_engine_places
from layerscope.probe.gpu_access import split_refusals
from layerscope.probe.known_errors import find_known_error
from layerscope.probe.limits import ContainerLimits
from layerscope.probe.loader_trace import read_trace
from layerscope.probe.model_search import NO_MODEL, Search
from layerscope.probe.observation import Observation
from layerscope.probe.own_model_spec import MOST_BATCH, ask_for_batch, ask_for_model
from layerscope.probe.preloads import find_preloads
from layerscope.probe.probed import Probed
from layerscope.probe.served_run import run_image
from layerscope.probe.serving_spec import ServingSpec
from layerscope.probe.spec import ProbeSpec
from layerscope.probe.variants import AUTO, Trials, probe_variants, tell_needs
from layerscope.probe.verdict import judge
from layerscope.progress import Progress
from layerscope.rules.wording import begin

GPUS: Final = ("auto", "all", "none")

Function = Callable[..., int]


@dataclass(frozen=True)
class Probing:
    """How the container is run, and what would be a proof."""

    container_gpus: str
    require_gpu: bool
    memory: int | None
    shm_size: int | None
    patience: float
    trace_libs: bool
    model: str | None = None
    """The image's own model, as the user names it."""
    max_batch: int | None = None
    start_server: bool = True
    api_key_env: str | None = None
    model_name: str | None = None

    @property
    def wants_gpu(self) -> bool:
        """Whether a GPU that is not there is what broke."""
        return self.require_gpu or self.container_gpus == "all"

    def make_spec(self) -> ProbeSpec:
        """What is asked, of which interpreter is still open."""
        limits = ContainerLimits()
        limits = replace(limits, memory=self.memory or limits.memory, shm=self.shm_size or limits.shm)
        roles = (*ROLES, TRACE) if self.trace_libs else ROLES
        spec = ProbeSpec("", limits=limits, patience=self.patience, roles=roles)
        return replace(spec, wanted_model=self.model, max_batch=self.max_batch or 0)

    def judge(self, seen: Observation) -> Probed:
        """What was seen, with its verdict."""
        return Probed(
            seen, judge(seen, wants_gpu=self.wants_gpu), requires_gpu=self.require_gpu, traced=read_trace(seen)
        )

    def judge_trials(self, trials: Trials) -> Probed:
        """The hardened run with its verdict, and with what an open one says of it."""
        probed = self.judge(trials.seen)
        assert probed.verdict is not None, "it was seen"
        return replace(probed, verdict=tell_needs(probed.verdict, trials.comparison), trials=trials)


NO_PROBE: Final = Probing("auto", require_gpu=False, memory=None, shm_size=None, patience=1.0, trace_libs=False)
"""What the options say where nobody uses them."""

_OPTIONS: Final = (
    click.option(
        "--gpus",
        "container_gpus",
        type=click.Choice(GPUS),
        default="auto",
        show_default=True,
        help="Give the container GPUs.",
    ),
    click.option("--require-gpu", is_flag=True, help="Exit with 5 unless the generation was made on a GPU."),
    click.option("--memory", type=parse_size, metavar="SIZE", help="Memory of the container; default: 8GiB."),
    click.option("--shm-size", type=parse_size, metavar="SIZE", help="Size of its /dev/shm; default: 64MiB."),
    click.option(
        "--patience", type=click.FloatRange(0.05, 100), default=1.0, help="Factor on every deadline; default: 1."
    ),
    click.option("--trace-libs", is_flag=True, help="Show how the loader finds each library (LD_DEBUG=libs)."),
    click.option(
        "--model", metavar="PATH", help="The image's own model; default: what its command names. none: leave it out."
    ),
    click.option(
        "--max-batch", type=click.IntRange(1, MOST_BATCH), metavar="N", help="Look for the largest batch up to N."
    ),
    click.option(
        "--server/--no-server",
        "start_server",
        default=True,
        help="Start the server of models that the image is made to start, and ask it; default: --server.",
    ),
    click.option("--api-key-env", metavar="NAME", help="The variable that holds a server's key; it is never shown."),
    click.option("--model-name", metavar="NAME", help="Which of a server's models is asked; default: its first."),
)


def with_probing(function: Function) -> Function:
    """Add the options on how a probe is run, and pass them as `probing`."""
    names = [item.name for item in fields(Probing)]

    @wraps(function)
    def command(*arguments: object, **options: Any) -> int:
        options["probing"] = Probing(**{name: options.pop(name) for name in names})
        return function(*arguments, **options)

    decorated: Function = command
    for decorate in reversed(_OPTIONS):
        decorated = decorate(decorated)
    return decorated


def probe_image(
    image: str,
    probing: Probing,
    audit: Callable[[str], AuditResult],
    *,
    policies: Policies,
    console: Console,
    variant: str = AUTO,
    progress: Progress | None = None,
) -> tuple[AuditResult, Probed]:
    """The audit of the image that an engine has, and its probe; `audit` is given the image's name with its scheme.

    One is drawn where no `progress` is given. Raises ProbeError where it cannot be probed.
    """
    engine, kind, reference, image_id = find_engine(image)
    with engine:
        result = audit(f"{kind}:{reference}")
        with show_progress(console) if progress is None else nullcontext(progress) as board:
            asked = ask_image(image, result, probing, policies, has_engine=True)
            gpus, disks = list_gpu_accesses(engine, probing.container_gpus), find_engine_places(engine)

            def run(spec: ProbeSpec, confinement: Confinement) -> Observation:
                return run_image(
                    engine, image_id, spec, gpus=gpus, progress=board, confinement=confinement, disks=disks
                )

            try:
                trials = probe_variants(run, asked, variant=variant)
            except EngineError as error:
                raise ProbeError(
                    f"probing {image}: {str(error).rstrip('.')}{explain_refusal(str(error), policies)}"
                ) from error
        probed = add_remark(probing.judge_trials(trials), tell_lost_logs(engine))
    return result, tell_server(probed, result, policies)


def ask_image(
    image: str, result: AuditResult, probing: Probing, policies: Policies, *, has_engine: bool = False
) -> ProbeSpec:
    """What is asked of an image that is started, and of its server; only an engine lets one without Python be asked."""
    read_key(probing.api_key_env)  # a variable that is not set is a slip of the pen, whatever the image starts
    found = find_server(result, policies)
    asked = _choose_spec(image, result, probing.make_spec(), found)
    is_reached = not asked.posix_shell or (has_engine and bool(asked.relay))
    return _add_server(asked, found, probing) if is_reached else asked


def _choose_spec(image: str, result: AuditResult, spec: ProbeSpec, found: ServingSpec | None) -> ProbeSpec:
    """What is asked of that image, of which `found` is the server; raises ProbeError where nothing can be."""
    preloads = find_preloads(result.image.config.runtime.env)
    if preloads:
        raise ProbeError(
            f"probing {image}: its environment sets {', '.join(preloads)}, which would run in every process of the "
            "container: take it out of the image first"
        )
    runtime = result.image.config.runtime
    variables = ((name, value) for name, _, value in (entry.partition("=") for entry in runtime.env))
    spec = replace(spec, secrets=find_env_secrets(variables, (*runtime.entrypoint, *runtime.cmd)))
    target = choose_target(result)
    if target.reason:
        raise ProbeError(f"probing {image}: {target.reason}{_tell_other_way(found)}")
    search = Search() if spec.wanted_model == NO_MODEL else choose_model(result, spec.wanted_model)
    if target.posix_shell:
        shell = replace(spec, posix_shell=target.posix_shell, relay=target.relay, program=target.program)
        return replace(shell, roles=(SYSTEM,), hub=search.hub)
    asked = replace(spec, interpreter=target.interpreter, modules=target.modules)
    if found is not None:  # the server itself tells whether it finds its model
        search = replace(search, absent=None)
    return ask_for_batch(ask_for_model(asked, search))


def _add_server(spec: ProbeSpec, found: ServingSpec | None, probing: Probing) -> ProbeSpec:
    """The probe with the image's server; a generation without it comes first, where the image can make one."""
    if found is None or not probing.start_server:
        return spec
    serving = replace(found, model=probing.model_name or "", key=read_key(probing.api_key_env))
    if spec.posix_shell:
        return replace(spec, roles=(*spec.roles, SERVING), serving=serving)
    home = spec.model.variables.get("HOME") if spec.model is not None else None
    if home:  # the hub's cache lies there, and whoever probes is another user
        serving = replace(serving, env={"HOME": home, **serving.env})
    kept = [role for role in spec.roles if role != GENERATION or spec.modules]
    kept.insert(kept.index(VISIBILITY), SERVING)
    return replace(spec, roles=tuple(kept), serving=serving)


def tell_server(probed: Probed, result: AuditResult, policies: Policies) -> Probed:
    """The probe, with what to do about a server that it could not start: for want of Python, or as nobody knows it."""
    if probed.verdict is None or probed.seen is None:
        return probed
    found = find_server(result, policies)
    if found is None:
        told = "" if probed.verdict.root else _tell_unknown(find_unknown_server(result, policies))
    else:
        is_asked = bool(probed.seen.python) or probed.seen.find("listen") is not None
        told = "" if is_asked else _tell_other_way(found).removeprefix("; ")
    return add_remark(probed, told)


def add_remark(probed: Probed, told: str) -> Probed:
    """The probe with something more that is worth saying, if it is anything."""
    if probed.verdict is None or not told:
        return probed
    return replace(probed, verdict=replace(probed.verdict, remarks=(*probed.verdict.remarks, told)))


def _tell_unknown(found: UnknownServer | None) -> str:
    """What to do where what may be a server is none that is known."""
    if found is None:
        return ""
    return (
        f"it exposes port {found.port} and starts {found.program}, which is no known server: start it, and probe it "
        f"from outside: layerscope probe --url http://HOST:{found.port}"
    )


def _tell_other_way(found: ServingSpec | None) -> str:
    """What to do where an image has no Python to probe it with, and starts a server."""
    if found is None:
        return ""
    return (
        f"; it runs {found.name}: start it, and probe it from outside: layerscope probe --url http://HOST:{found.port}"
    )


def explain_refusal(refusal: str, policies: Policies) -> str:
    """What is known of an engine's refusal, or of each of several, and what to do."""
    known = [find_known_error(each, policies) for each in split_refusals(refusal)]
    told = {each.id: f". {each.meaning}. {_join_cures(each.cures)}" for each in known if each is not None}
    return "".join(told.values())


def _join_cures(cures: tuple[str, ...]) -> str:
    """One cure or another in a sentence; many of the table's begin with `or` of themselves."""
    first, *others = cures or ("",)
    rest = (each if each.startswith(("or ", "or,")) else f"or {each}" for each in others)
    return begin("; ".join((first, *rest)))
