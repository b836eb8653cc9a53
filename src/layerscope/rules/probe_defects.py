"""Defects of a generation: the classes into which a probe's broken stage falls, each with a rule of its own."""

import shlex
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from layerscope.facts.fact import Evidence
from layerscope.facts.fact_set import FactSet
from layerscope.facts.probe.broken_stage import BrokenStage
from layerscope.facts.probe.stage_titles import tell_stage
from layerscope.rules.fix import Fix
from layerscope.rules.probe_cure_kinds import find_cure_kind
from layerscope.rules.wording import SHOWN_LOCATIONS, begin, shorten, tell_list

SHOWN_CONSEQUENCES: Final = 4
QUOTED_MESSAGE: Final = 120
"""Characters of a message that are enough to know it by."""


class Defect(Enum):
    """What is wrong, as far as a stage can tell."""

    NOT_STARTED = auto()
    HANG = auto()
    MEMORY = auto()
    GPU_MEMORY = auto()
    CRASH = auto()
    IMPORT = auto()
    CUDA = auto()
    DRIVER = auto()
    CPU_FALLBACK = auto()
    EMPTY = auto()
    SPECIAL_ONLY = auto()
    DEGENERATE = auto()
    TRUNCATED = auto()
    OTHER_FIELD = auto()
    MUTE = auto()
    WRONG = auto()
    NOT_FINITE = auto()
    OTHER = auto()


_BY_KIND: Final = {
    "import-error": Defect.IMPORT,
    "cuda-unavailable": Defect.CUDA,
    "device-closed": Defect.CUDA,
    "no-driver-library": Defect.CUDA,
    "no-gpu": Defect.CUDA,
    "cpu-fallback": Defect.CPU_FALLBACK,
    "wrong-device": Defect.CPU_FALLBACK,
    "driver-error": Defect.DRIVER,
    "driver-incomplete": Defect.DRIVER,
    "no-kernel-image": Defect.DRIVER,
    "ptx-refused": Defect.DRIVER,
    "no-ptx-compiler": Defect.DRIVER,
    "wrong-tokens": Defect.WRONG,
    "wrong-logits": Defect.WRONG,
    "wrong-result": Defect.WRONG,
    "cache-differs": Defect.WRONG,
    "not-finite": Defect.NOT_FINITE,
    "eos-first": Defect.EMPTY,
    "stalled-stream": Defect.HANG,
    "no-memory-left": Defect.GPU_MEMORY,
}
_BY_OUTCOME: Final = {
    "hang": Defect.HANG,
    "crash": Defect.CRASH,
    "empty": Defect.EMPTY,
    "special-only": Defect.SPECIAL_ONLY,
    "degenerate": Defect.DEGENERATE,
    "truncated": Defect.TRUNCATED,
    "other-field": Defect.OTHER_FIELD,
    "mute": Defect.MUTE,
}
_ON_GPU: Final = frozenset({"devices", "driver"})
_ON_DRIVER: Final = "kernel"
_NO_GPU_MEMORY: Final = ("CUDA out of memory", "CUDA error: out of memory", "no-gpu-memory")


def find_defect(fact: BrokenStage) -> Defect:
    """The one class that a broken stage belongs to."""
    if any(words in text for words in _NO_GPU_MEMORY for text in (fact.reason, fact.cause)):
        return Defect.GPU_MEMORY
    if fact.is_out_of_memory or fact.kind == "out-of-memory":
        return Defect.GPU_MEMORY if "GPU" in fact.reason else Defect.MEMORY
    if fact.stage == "start":
        return Defect.HANG if fact.outcome == "hang" else Defect.NOT_STARTED
    if fact.outcome in {"hang", "crash"}:
        return _BY_OUTCOME[fact.outcome]
    by_stage = Defect.CUDA if fact.stage in _ON_GPU else Defect.DRIVER if fact.stage == _ON_DRIVER else Defect.OTHER
    return _BY_KIND.get(fact.kind) or _BY_OUTCOME.get(fact.outcome) or by_stage


def iter_broken(facts: FactSet, *defects: Defect) -> Iterator[BrokenStage]:
    """The broken stage, if it is of one of these classes."""
    return (fact for fact in facts.of(BrokenStage) if find_defect(fact) in defects)


def tell_broken(fact: BrokenStage) -> str:
    """What broke and why, which findings in the image's files that confirms, and what could not be done therefore."""
    message = f"{begin(fact.title)}: {shorten(fact.reason)}" if fact.reason else begin(fact.title)
    if fact.last_line and fact.last_line not in f"{fact.title}: {fact.reason}":
        message += f"; the last line before: {shorten(fact.last_line)}"
    if fact.confirmed:
        names = tell_list(dict.fromkeys(f"{each.code} {each.rule}" for each in fact.confirmed))
        message += f"; the probe confirms {names}"
    if fact.consequences:
        message += f"; therefore not tried: {tell_list(map(tell_stage, fact.consequences), shown=SHOWN_CONSEQUENCES)}"
    return message


def locate_broken(fact: BrokenStage) -> tuple[Evidence, ...]:
    """Where the confirmed findings lie; a run that confirms none is of the image as a whole."""
    places = dict.fromkeys(place for each in fact.confirmed for place in each.places)
    return tuple(places)[:SHOWN_LOCATIONS] or (fact.evidence,)


def cure_broken(fact: BrokenStage, otherwise: str = "") -> tuple[Fix, ...]:
    """What the probe says to do, else what mostly helps."""
    cures = fact.cures or ((otherwise,) if otherwise else ())
    words = [cure.removeprefix("or ") for cure in dict.fromkeys(cures)]
    return tuple(Fix(begin(each), (), kind=find_cure_kind(each)) for each in words)


def ask_for_meaning(fact: BrokenStage) -> str:
    """The command that tells what a message means, the message filled in for a shell, to the end of a word."""
    words = " ".join((fact.reason or fact.last_line).split())
    message = words if len(words) <= QUOTED_MESSAGE else words[:QUOTED_MESSAGE].rpartition(" ")[0]
    return f"Ask what the message means: layerscope explain {shlex.quote(message or 'MESSAGE')}"
