"""What the table of known errors says of a message that a stage, a log or an engine gave."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from layerscope.policies.error_search import clean_text, find_explanations
from layerscope.policies.errors import Cure
from layerscope.policies.explanation import Explanation, Likeness
from layerscope.policies.policies import Policies
from layerscope.probe.collect import SERVING
from layerscope.probe.model_causes import ASKING
from layerscope.probe.observation import HUNG, Observation, StageResult
from layerscope.probe.serving_spec import SERVING_STAGES
from layerscope.probe.serving_verdict import list_server_words

LAST_WORDS: Final = 64_000
"""Characters at the end of a log in which a known error is looked for."""

GENERIC: Final = frozenset({"no-module", "oom-kill", "sigill", "system-exit", "version-conflict"})
"""Errors that name an effect; any other that was printed beside them says more of the cause."""

ON_CPU: Final = frozenset({"no-driver-lib", "ollama-cpu", "ort-cpu-fallback", "tf-cpu-fallback", "jax-cpu-fallback"})
"""What programs rightly print where there is no GPU."""

MAY_HANG: Final = frozenset({"hub-retry", "tokenizers-fork"})
"""What programs print and go on, and what they wait for all the same where they then hang."""

SHOWN_REMARKS: Final = 3

_INSTALLER: Final = re.compile(r"\b(?:pip3?|uv|conda) install\b|\bpython3? -")


class KnownError(Struct, frozen=True):
    """A known error: its id, as `layerscope explain` takes it, what it means, and what to do."""

    id: str
    meaning: str
    cures: tuple[str, ...] = ()


def find_known_error(text: str, policies: Policies) -> KnownError | None:
    """The surest match of a message; None where it is not known."""
    found = find_explanations(policies.errors, clean_text(text))
    return tell_error(found[0]) if found else None


def tell_error(explanation: Explanation) -> KnownError:
    """An explanation in the words of a verdict."""
    return KnownError(explanation.id, explanation.meaning.rstrip("."), tuple(map(_tell_cure, explanation.cures)))


def leave_out_python(error: KnownError) -> KnownError:
    """What to do where there is no Python: nothing by its installer."""
    kept = [cure for cure in error.cures if not _INSTALLER.search(cure)]
    return replace(error, cures=tuple(cure.removeprefix("or ") if cure is kept[0] else cure for cure in kept))


def find_root_error(seen: Observation, policies: Policies) -> Explanation | None:
    """The known error that a broken stage shows: the earliest specific one, and a generic one only for want of it.

    The stage's own words go before its process's log, in which programs also complain of what does them no harm.
    """
    broken = seen.broken
    own, printed = [], list(_iter_logs(seen, broken))
    if broken is not None:
        own = [str(broken.values.get("trace", "")), broken.detail]
    own += [end.last_line for end in seen.ends if end.last_line and (end.code or end.signal)]
    own += [broken.wait.last_line] if broken is not None and broken.wait is not None else []
    candidates = [
        *(((_is_generic(each, policies), 0), each) for each in _iter_errors(own, policies)),
        *(((_is_generic(each, policies), 1), each) for each in _iter_errors(printed, policies) if not each.silent),
        *(((False, 2), each) for each in _iter_hints(seen, broken, policies)),
    ]
    return min(candidates, key=lambda pair: pair[0])[1] if candidates else None


def list_log_errors(seen: Observation, policies: Policies) -> tuple[str, ...]:
    """Known errors in the logs of a probe in which all went well: a remark each."""
    driver = seen.find("driver")
    expected = ON_CPU if driver is None or driver.status == "skipped" else frozenset()
    lookup = seen.find("own-lookup")
    if lookup is not None and (lookup.kind == ASKING or lookup.is_broken):
        expected |= {"hub-retry", "hub-offline"}  # a remark says so, and more of it; or a server found it otherwise
    told: dict[str, str] = {}
    for name, text in sorted(seen.logs.items()):
        for each in _iter_errors([text[-LAST_WORDS:]], policies):
            if each.id not in expected and each.quotes:
                line = " ".join(each.quotes[0].split())[:120]
                told.setdefault(each.id, f"{name} says “{line}”, and all went well{_tell_risk(each)}")
    return tuple(told.values())[:SHOWN_REMARKS]


def _tell_risk(explanation: Explanation) -> str:
    """Where to read on; of what may hang another time, what to do as well."""
    where = f"layerscope explain {explanation.id}"
    if explanation.id not in MAY_HANG:
        return f": {where}"
    return f" this time; it may hang another time: {_tell_cure(explanation.cures[0])} ({where})"


def _iter_logs(seen: Observation, broken: StageResult | None) -> Iterator[str]:
    """What was printed: by the process that broke first, then by the others."""
    if broken is not None and broken.name in SERVING_STAGES:
        yield from list_server_words(seen, broken)
        return
    ended = next((end.role for end in seen.ends if end.code or end.signal), "generation")
    names = sorted(seen.logs, key=lambda name: (not name.startswith(ended), name))
    yield from (seen.logs[name][-LAST_WORDS:] for name in names)
    if broken is None:
        yield "\n".join(seen.strays)


def _iter_hints(seen: Observation, broken: StageResult | None, policies: Policies) -> Iterator[Explanation]:
    """Of a stage that hangs: what was printed at any time before, and is known to end so."""
    if broken is not None and (broken.status == HUNG or broken.kind == "hang"):
        role = SERVING if broken.name in SERVING_STAGES else ""
        texts = [text[-LAST_WORDS:] for name, text in sorted(seen.logs.items()) if name.startswith(role)]
        yield from (each for each in _iter_errors(texts, policies) if each.id in MAY_HANG)


def _iter_errors(texts: Iterable[str], policies: Policies) -> Iterator[Explanation]:
    """The errors in texts, in the order in which they stand there; what a person would describe is none."""
    for text in texts:
        clean = clean_text(text)
        found = [
            each
            for each in find_explanations(policies.errors, clean)
            if each.likeness in {Likeness.MESSAGE, Likeness.CODE}
        ]
        yield from sorted(found, key=lambda each: clean.find(each.quotes[0]) if each.quotes else 0)


def _is_generic(explanation: Explanation, policies: Policies) -> bool:
    """Whether an error is one that special cases explain, or that names an effect alone."""
    return explanation.id in GENERIC or any(
        explanation.id in row.special_case_of for row in policies.errors.table.error
    )


def _tell_cure(cure: Cure) -> str:
    """What to do, and by which commands."""
    return ": ".join(filter(None, (cure.title, " && ".join(cure.commands))))
