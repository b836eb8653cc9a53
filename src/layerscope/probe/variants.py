"""Variants: a second, open run where the hardened one broke, and the least that has to be opened for the image."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.facts.probe.stage_titles import tell_stage
from layerscope.probe.collect import BATCH, GENERATION, MODEL, SERVING, SYSTEM, VISIBILITY
from layerscope.probe.confinement import DEFAULT, DEFAULT_CAPABILITIES, TMP, Confinement, list_settings
from layerscope.probe.gpu_access import ACCESSES
from layerscope.probe.observation import CRASHED, PASSED, Observation
from layerscope.probe.serving_spec import SERVING_STAGES
from layerscope.probe.spec import OWN_STAGES, ProbeSpec
from layerscope.probe.verdict import Verdict
from layerscope.recipe.docker import list_flags

Run = Callable[[ProbeSpec, Confinement], Observation]
"""One run of the image under a confinement."""

AUTO, HARDENED_ALONE, DEFAULT_ALONE = "auto", "hardened", "default"

MOST_RUNS: Final = 24
"""Runs that a search may take; every opening is tried once, and capabilities by halves."""

_DENIED: Final = re.compile(
    r"permission denied|operation not permitted|read-only file ?system|\berrno (?:1|13|30)\b|no usable temporary"
    r"|failed to map segment|no locator available|uid not found|getpwuid|not writable|unable to create"
    r"|\bE(?:ACCES|PERM|ROFS)\b",
    re.IGNORECASE,
)
"""What programs say when they may not do something."""

STAGE_ROLES: Final = {
    **dict.fromkeys(("env", "devices", "driver", "kernel"), SYSTEM),
    "visibility": VISIBILITY,
    "batch": BATCH,
    **dict.fromkeys(OWN_STAGES, MODEL),
    **dict.fromkeys(
        ("imports", "tokenizer", "weights", "device", "prefill", "decode", "detokenize", "transformers"), GENERATION
    ),
    **dict.fromkeys(SERVING_STAGES, SERVING),
}
"""Which of the payload's processes runs a stage."""


class Opening(Struct, frozen=True):
    """One thing that the default variant allows and the hardened one does not."""

    name: str
    need: str
    """What an image needs that does not work without it, as `it needs …`."""
    hint: str
    """What a program may say that lacks it, as a pattern."""
    changes: dict[str, object]

    def apply(self, confinement: Confinement) -> Confinement:
        """The confinement with this opened."""
        return replace(confinement, **self.changes)


OPENINGS: Final = (
    Opening(
        "capabilities", "capabilities", r"operation not permitted|errno 1\b", {"capabilities": DEFAULT_CAPABILITIES}
    ),
    Opening("root", "to run as root", r"permission denied|errno 13\b|getpwuid|uid not found", {"user": DEFAULT.user}),
    Opening(
        "new-privileges", "programs that gain rights (set-user-ID)", r"no new privileges", {"no_new_privileges": False}
    ),
    Opening(
        "tmp-exec", "to run programs or libraries out of /tmp", r"failed to map segment|/tmp/", {"tmp_exec": True}
    ),
    Opening(
        "writable-root", "a root file system that can be written to", r"read-only file ?system|errno 30\b",
        {"read_only": False},
    ),
    Opening(
        "home", "a HOME that can be written to", r"\.cache|\.config|\.local|HOME|no locator available", {"home": TMP}
    ),
)  # fmt: skip
"""The most dangerous first: it is the first to be closed again."""


class Need(Struct, frozen=True):
    """Something that the image does not work without."""

    name: str
    text: str
    flags: tuple[str, ...]
    """How an engine is told to allow it."""


class Comparison(Struct, frozen=True):
    """What the open run saw beside the hardened one."""

    stage: str
    """The stage that broke in the hardened run; empty where its Python did not start."""
    default: Observation
    helps: bool
    """Whether the stage passed in the open run."""
    needs: tuple[Need, ...] = ()
    confinement: Confinement | None = None
    """The least open one in which the stage was seen to pass."""
    runs: int = 1


class Trials(Struct, frozen=True):
    """The run that the verdict is about, how closed it was, and what was compared with it."""

    seen: Observation
    confinement: Confinement | None = None
    """None where layerscope did not choose it."""
    comparison: Comparison | None = None

    @property
    def gpu_flags(self) -> tuple[str, ...]:
        """The flags that gave it GPUs; none where it had none."""
        access = ACCESSES.get(self.seen.gpu_access)
        return access.flags if access is not None else ()


def probe_variants(run: Run, spec: ProbeSpec, *, variant: str = AUTO) -> Trials:
    """The hardened run, and only where privileges could explain that it broke, an open one and the search between."""
    opened = replace(DEFAULT, limits=spec.limits)
    if variant == DEFAULT_ALONE:
        return Trials(run(spec, opened), opened)
    hardened = Confinement(limits=spec.limits)
    seen = run(spec, hardened)
    if variant != AUTO or not may_lack_rights(seen):
        return Trials(seen, hardened)
    return Trials(seen, hardened, comparison=compare(run, spec, seen, hardened))


def tell_needs(verdict: Verdict, comparison: Comparison | None) -> Verdict:
    """The verdict with what the image needs, or that rights are not what it lacks."""
    if comparison is None:
        return verdict
    where = f"stage {tell_stage(comparison.stage)}" if comparison.stage else "Python"
    if comparison.default.disk_breach:
        remark = f"with more rights {comparison.default.disk_breach}: no other run followed, and what it lacks is open"
        return replace(verdict, remarks=(*verdict.remarks, remark))
    if not comparison.helps:
        found = comparison.default.find(comparison.stage)
        detail = f" ({found.detail})" if found is not None and found.detail else ""
        remark = f"{where} breaks as root with default rights, too{detail}: what it lacks is something else"
        return replace(verdict, remarks=(*verdict.remarks, remark))
    texts = " and ".join(need.text for need in comparison.needs)
    remark = f"{where} passes with default rights: the image needs {texts}"
    flags = [flag for need in comparison.needs for flag in need.flags]
    cure = f"Run it with {', '.join(flags)}, or mend the image so that it does not need that"
    return replace(verdict, remarks=(*verdict.remarks, remark), cures=(cure, *verdict.cures))


def may_lack_rights(seen: Observation) -> bool:
    """Whether the run broke in a way that more rights could mend."""
    broken = seen.broken
    if seen.disk_breach:
        return False
    if broken is None:
        return not seen.is_complete and not seen.was_killed and not seen.is_out_of_memory
    if broken.status == CRASHED:
        return any(end.signal == "SIGSYS" for end in seen.ends)
    return _DENIED.search(_gather_words(seen)) is not None


def _gather_words(seen: Observation) -> str:
    broken = seen.broken
    told = [] if broken is None else [broken.detail, str(broken.values)]
    return "\n".join([*told, *(text[-4000:] for text in seen.logs.values()), *seen.strays])


def compare(run: Run, spec: ProbeSpec, seen: Observation, hardened: Confinement) -> Comparison:
    """The open run; where the stage passes in it, the least that it takes."""
    stage = seen.broken.name if seen.broken is not None else ""
    default = run(spec, replace(DEFAULT, limits=spec.limits))
    if default.disk_breach or not _passes(default, stage):
        return Comparison(stage, default, helps=False)
    search = _Search(run, _narrow(spec, stage), stage, hardened)
    try:
        needed = search.find(_gather_words(seen))
        confinement = search.open_all(needed)
        if any(opening.name == "capabilities" for opening in needed):
            confinement = replace(confinement, capabilities=search.reduce_capabilities(confinement))
    except _EndedForDiskError as error:
        return Comparison(stage, error.seen, helps=False, runs=search.runs + 1)
    needs = tuple(
        Need(each.name, _tell_need(each, confinement), _list_flags(each, hardened, confinement)) for each in needed
    )
    return Comparison(stage, default, helps=True, needs=needs, confinement=confinement, runs=search.runs + 1)


def _passes(seen: Observation, stage: str) -> bool:
    found = seen.find(stage)
    return bool(seen.executable) if not stage else found is not None and found.status == PASSED


def _narrow(spec: ProbeSpec, stage: str) -> ProbeSpec:
    """Only the process that runs the stage, where it is known which one does."""
    role = STAGE_ROLES.get(stage, "" if stage else SYSTEM)
    return replace(spec, roles=(role,)) if role in spec.roles else spec


def _tell_need(opening: Opening, confinement: Confinement) -> str:
    if opening.name != "capabilities":
        return opening.need
    names = ", ".join(f"CAP_{name}" for name in confinement.capabilities)
    return f"the capabilit{'y' if len(confinement.capabilities) == 1 else 'ies'} {names}"


def _list_flags(opening: Opening, hardened: Confinement, needed: Confinement) -> tuple[str, ...]:
    """The flags by which `docker run` is told what is opened, those of the hardened run left out."""
    changed = {name: getattr(needed, name) for name in opening.changes}
    before = [" ".join(flag) for flag in list_flags(list_settings(hardened))]
    after = [" ".join(flag) for flag in list_flags(list_settings(replace(hardened, **changed)))]
    added = tuple(flag for flag in after if flag not in before)
    return added or tuple(f"without {flag}" for flag in before if flag not in after)


class _EndedForDiskError(Exception):
    """A run of a search that was ended for what it wrote: none follows it."""

    def __init__(self, seen: Observation) -> None:
        super().__init__(seen.disk_breach)
        self.seen = seen


class _Search:
    """Runs under confinements between the hardened and the open one."""

    def __init__(self, run: Run, spec: ProbeSpec, stage: str, hardened: Confinement) -> None:
        self._run, self._spec, self._stage, self._hardened = run, spec, stage, hardened
        self.runs = 0

    def open_all(self, openings: Sequence[Opening]) -> Confinement:
        """The hardened confinement with all of these opened."""
        confinement = self._hardened
        for opening in openings:
            confinement = opening.apply(confinement)
        return confinement

    def _works(self, confinement: Confinement) -> bool:
        if self.runs >= MOST_RUNS:
            return False
        self.runs += 1
        seen = self._run(self._spec, confinement)
        if seen.disk_breach:
            raise _EndedForDiskError(seen)
        return _passes(seen, self._stage)

    def find(self, words: str) -> tuple[Opening, ...]:
        """The one opening that the words hint at, if it is enough; else all are open, and closed one by one."""
        for opening in reversed(OPENINGS):
            tried = _with_user(opening)
            if re.search(opening.hint, words, re.IGNORECASE) and self._works(self.open_all(tried)):
                return tried
        needed = list(OPENINGS)
        for opening in OPENINGS:
            rest = [each for each in needed if each is not opening]
            if self._works(self.open_all(rest)):
                needed = rest
        return tuple(needed)

    def reduce_capabilities(self, confinement: Confinement) -> tuple[str, ...]:
        """The capabilities that are needed: a half of them is left out, or smaller and smaller pieces."""
        kept, size = list(confinement.capabilities), -(-len(confinement.capabilities) // 2)
        while size and len(kept) > 1:
            parts = [kept[start : start + size] for start in range(0, len(kept), size)]
            rests = [[each for each in kept if each not in part] for part in parts]
            smaller = next((rest for rest in rests if self._allows(confinement, rest)), None)
            if smaller is not None:
                kept = smaller
            size = min(-(-len(kept) // 2), size) if smaller is not None else size // 2
        return tuple(kept)

    def _allows(self, confinement: Confinement, capabilities: Sequence[str]) -> bool:
        return self._works(replace(confinement, capabilities=tuple(capabilities)))


def _with_user(opening: Opening) -> tuple[Opening, ...]:
    """An opening with what it takes to have an effect: no user but root keeps capabilities when a program starts."""
    if opening.name != "capabilities":
        return (opening,)
    return (opening, *(each for each in OPENINGS if each.name == "root"))
