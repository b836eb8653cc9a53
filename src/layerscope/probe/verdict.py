"""The verdict: what became of the generation, which stage broke first, and what follows from that."""

from enum import StrEnum
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.facts.probe.stage_titles import tell_stage
from layerscope.policies.policies import Policies
from layerscope.probe.causes import find_cuda_cause
from layerscope.probe.collect import ENDED
from layerscope.probe.hub_causes import explain_server_failure
from layerscope.probe.known_errors import KnownError, find_root_error, leave_out_python, list_log_errors, tell_error
from layerscope.probe.model_causes import find_model_cause
from layerscope.probe.observation import (
    CRASHED,
    DISK_LIMIT,
    FAILED,
    GPU_STAGES,
    HUNG,
    NOT_REACHED,
    PASSED,
    Observation,
    StageResult,
)
from layerscope.probe.remarks import find_left_out, list_remarks
from layerscope.probe.serving_cures import list_serving_cures
from layerscope.probe.serving_spec import SERVING_STAGES
from layerscope.probe.serving_verdict import (
    explain_failure,
    find_serving_device,
    find_text_stage,
    list_serving_remarks,
    tell_generation,
    tell_no_text,
)
from layerscope.probe.signals import explain_signal


class Outcome(StrEnum):
    """What a generation came to; each word but the first and the last is a way of giving no output."""

    GENERATED = "generated"
    EMPTY = "empty"
    SPECIAL_ONLY = "special-only"
    DEGENERATE = "degenerate"
    TRUNCATED = "truncated"
    OTHER_FIELD = "other-field"
    """Text came, in a place where nobody looks for it."""
    HANG = "hang"
    CRASH = "crash"
    ERROR = "error"
    MUTE = "mute"
    UNPROVED = "unproved"
    """Nothing in the image generates, so that nothing was tried."""


_OUTCOMES: Final = {
    "empty": Outcome.EMPTY,
    "degenerate": Outcome.DEGENERATE,
    "wrong-tokens": Outcome.DEGENERATE,
    "wrong-logits": Outcome.DEGENERATE,
    "not-finite": Outcome.DEGENERATE,
    "cache-differs": Outcome.DEGENERATE,
    "overflow": Outcome.DEGENERATE,
    "missing-tensor": Outcome.DEGENERATE,
    "stream-differs": Outcome.DEGENERATE,
    "lost-text": Outcome.EMPTY,
    "stop-string": Outcome.EMPTY,
    "trimmed": Outcome.EMPTY,
    "special-only": Outcome.SPECIAL_ONLY,
    "eos-first": Outcome.SPECIAL_ONLY,
    "swallowed-exception": Outcome.HANG,
    "stalled-stream": Outcome.HANG,
    "truncated": Outcome.TRUNCATED,
    "other-field": Outcome.OTHER_FIELD,
    "mute": Outcome.MUTE,
}
"""Kinds of failure after which text came, or would have come, and is worth nothing; any other is an error."""

_LOADING: Final = {
    "missing-tensor": "the weights are not whole, and a text of theirs is noise",
    "truncated-file": "the weights are not whole",
    "missing-shard": "the weights are not whole",
    "wrong-shape": "the weights do not fit config.json",
    "wrong-vocabulary": "the tokenizer does not fit the model",
}
"""Titles of failures to load the image's own model."""

LAST_STAGE: Final = "detokenize"
OWN_LAST: Final = "own-text"
"""The stage in which the image's own model has given a text."""


class Verdict(Struct, frozen=True):
    """What a probe comes to."""

    outcome: Outcome
    title: str
    """One sentence without a full stop."""
    root: str = ""
    """The first stage that broke."""
    kind: str = ""
    """The word for how it failed."""
    reason: str = ""
    cures: tuple[str, ...] = ()
    consequences: tuple[str, ...] = ()
    """Stages that could not do their work because of that."""
    unproved: tuple[str, ...] = ()
    """Stages that found no device, or were not reached without anything being broken."""
    device: str = ""
    remarks: tuple[str, ...] = ()
    known: KnownError | None = None
    """What is known of the message that the stage gave."""
    cause: str = ""
    """The word of the cause tree, where it found one."""
    explained_by: tuple[str, ...] = ()
    """Names of the rules whose findings in the image's files would be that cause."""

    @property
    def is_good(self) -> bool:
        """Whether a generation was seen, and nothing broke."""
        return self.outcome is Outcome.GENERATED and not self.root


BUILT_IN: Final = Policies()


def judge(seen: Observation, *, wants_gpu: bool = False, policies: Policies = BUILT_IN) -> Verdict:
    """The verdict on one run; with `wants_gpu`, a GPU that is not there is what broke."""
    broken = seen.broken
    if broken is None and seen.was_killed:
        return Verdict(Outcome.HANG, "the probe did not end and was killed", reason=_tell_strays(seen))
    if broken is None and not seen.is_complete:
        return _judge_breakdown(seen)
    if broken is None:
        broken = _find_missing_gpu(seen) if wants_gpu else None
        broken = broken or _find_fallback(seen, wants_gpu=wants_gpu)
    if broken is not None:
        return _judge_broken(seen, broken, policies)
    return _judge_sound(seen, policies)


def find_idle_gpus(seen: Observation) -> tuple[str, ...]:
    """The GPUs that the driver showed and the generation did not use; none where it was not made on the CPU."""
    driver, device = seen.find("driver"), seen.find("device")
    if driver is None or driver.status != PASSED or device is None or device.values.get("device") != "cpu":
        return ()
    if device.values.get("wanted") == "cpu":
        return ()
    return tuple(str(each.get("name", "")) for each in driver.values.get("devices", ()))


def _find_fallback(seen: Observation, *, wants_gpu: bool) -> StageResult | None:
    """The stage in which a PyTorch that was built for GPUs went on with the CPU; one that was not is a remark."""
    imports, device = seen.find("imports"), seen.find("device")
    torch = (imports.values.get("torch") if imports is not None else None) or {}
    if device is None or not find_idle_gpus(seen) or not (wants_gpu or torch.get("cuda")):
        return None
    reason = str(device.values.get("reason") or "a GPU is there, and the generation was made on the CPU")
    return replace(device, status=FAILED, kind="cpu-fallback", detail=reason)


def _find_missing_gpu(seen: Observation) -> StageResult | None:
    return next((stage for stage in seen.stages if stage.name in GPU_STAGES and stage.status != PASSED), None)


def _judge_breakdown(seen: Observation) -> Verdict:
    """The payload itself did not come to its end, and no stage says why."""
    if seen.is_out_of_memory:
        reason = "the kernel ended it: the container was out of memory"
        return Verdict(Outcome.CRASH, "the probe ran out of memory", reason=reason, cures=("Give it more: --memory",))
    reason = explain_signal(seen.exit_code) or f"exit code {seen.exit_code}"
    if strays := _tell_strays(seen):
        reason = f"{reason}: {strays}"
    return Verdict(Outcome.ERROR, "the probe's Python did not start", reason=reason)


def _tell_strays(seen: Observation) -> str:
    """The last line that something else printed."""
    return seen.strays[-1] if seen.strays else ""


def _judge_broken(seen: Observation, broken: StageResult, policies: Policies) -> Verdict:
    names = [stage.name for stage in seen.stages]
    after = seen.stages[names.index(broken.name) + 1 :]
    consequences = tuple(stage.name for stage in after if stage.status in {"blocked", NOT_REACHED})
    outcome, title = _name_outcome(seen, broken)
    is_ended = bool(seen.disk_breach)
    cause = None if is_ended else find_cuda_cause(seen, broken) or find_model_cause(seen, broken)
    reason = broken.detail
    if broken.status == CRASHED:
        reason = _explain_crash(seen, broken)
    elif broken.name in SERVING_STAGES:
        reason = explain_failure(broken)
    explanation = None if cause or is_ended else find_root_error(seen, policies)
    cause = cause or explain_server_failure(seen, broken, explanation)
    known = tell_error(explanation) if explanation is not None else None
    if known is not None and not seen.python and broken.name != "start":
        known = leave_out_python(known)
    return Verdict(
        outcome,
        title,
        root=broken.name,
        kind=broken.kind,
        reason=cause.reason if cause else reason,
        cures=(cause.cures if cause else ()) or (known.cures if known else ()) or list_serving_cures(broken),
        known=known,
        consequences=consequences,
        device=_find_device(seen),
        remarks=list_serving_remarks(seen),
        cause=cause.name if cause else "",
        explained_by=cause.rules if cause else (),
    )


def _name_outcome(seen: Observation, broken: StageResult) -> tuple[Outcome, str]:
    stage = tell_stage(broken.name)
    if broken.status == HUNG or broken.kind == "hang":
        return Outcome.HANG, f"stage {stage} hangs"
    if broken.status == CRASHED or broken.kind == "crash":
        is_short = seen.is_out_of_memory
        return Outcome.CRASH, f"stage {stage} ran out of memory" if is_short else f"stage {stage} crashes"
    if seen.disk_breach and broken.kind == DISK_LIMIT:
        return Outcome.ERROR, f"stage {stage} fills the disk"
    outcome = _OUTCOMES.get(broken.kind, Outcome.ERROR)
    if broken.kind == ENDED:
        return outcome, f"it was ended in stage {stage}, or its log was"
    if broken.kind in _LOADING:
        return outcome, _LOADING[broken.kind]
    words = {
        Outcome.EMPTY: "the generation gives no text",
        Outcome.SPECIAL_ONLY: "the generation gives tokens and no text",
        Outcome.DEGENERATE: f"stage {stage} gives wrong results",
        Outcome.TRUNCATED: "the text is cut off",
        Outcome.OTHER_FIELD: "the text comes in another field than the one it is asked in",
        Outcome.HANG: "who waits for the text waits for ever",
        Outcome.MUTE: "what the image prints does not arrive",
        Outcome.ERROR: f"stage {stage} fails",
    }
    return outcome, words[outcome]


def _explain_crash(seen: Observation, broken: StageResult) -> str:
    if seen.is_out_of_memory:
        return "the kernel ended a process of the container for want of memory"
    end = next((end for end in seen.ends if end.signal or end.code), None)
    told = explain_signal(end.signal) if end else ""
    line = f"; the last line that it printed: {end.last_line}" if end and end.last_line else ""
    return f"{told or broken.detail}{line}"


def _judge_sound(seen: Observation, policies: Policies) -> Verdict:
    text = find_text_stage(seen)
    last = text or seen.find(LAST_STAGE)
    unproved = tuple(stage.name for stage in seen.stages if stage.status in {"skipped", "blocked", NOT_REACHED})
    remarks = (*list_remarks(seen), *_tell_idle(seen), *list_serving_remarks(seen), *list_log_errors(seen, policies))
    if last is None or last.status != PASSED:
        title = tell_no_text(seen) or f"nothing {'here' if seen.is_here else 'in the image'} was found that generates"
        return Verdict(Outcome.UNPROVED, title, unproved=unproved, remarks=remarks)
    device = _find_device(seen)
    own = seen.find(OWN_LAST)
    title = f"a generation on {device}: {last.detail}"
    if text is not None:
        title = tell_generation(seen, last)
    elif find_left_out(seen) is not None:
        title = f"{title}; the image's own model was not run"
    elif own is not None and own.status == PASSED:
        title = f"the image's own model generates on {device}: {own.detail}"
    return Verdict(Outcome.GENERATED, title, unproved=unproved, device=device, remarks=remarks)


def _find_device(seen: Observation) -> str:
    if served := find_serving_device(seen):
        return served
    stage = seen.find("device")
    values: dict[str, Any] = stage.values if stage is not None else {}
    name = values.get("name")
    return "the CPU" if name == "CPU" else str(name or "")


def _tell_idle(seen: Observation) -> tuple[str, ...]:
    gpus, imports = find_idle_gpus(seen), seen.find("imports")
    modules = list(imports.values.get("modules") or ()) if imports is not None else []
    engine = "PyTorch" if not modules or "torch" in modules else modules[0]
    where = "here" if seen.is_here else "in this image"
    return (f"{gpus[0]} is there and was not used: {engine} {where} was built without CUDA",) if gpus else ()
