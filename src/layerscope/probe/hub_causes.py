"""Why a model of the hub is not found: as the stage says that looks it up, a server that asks the hub, or the files."""

import re
from typing import Final

from layerscope.policies.explanation import Explanation
from layerscope.probe.causes import Cause
from layerscope.probe.hub_state import read_hub_state
from layerscope.probe.observation import PASSED, Observation, StageResult
from layerscope.probe.payload.hub_cache import HUB_NOT_CACHED, HUB_OTHER_NAME
from layerscope.probe.serving_spec import SERVING_STAGES
from layerscope.probe.serving_verdict import explain_failure, list_server_words

HUB_ERRORS: Final = frozenset({"hub-offline", "hub-retry"})
"""Known errors that say that the hub was asked, and not why."""

_UNSEEN: Final = frozenset({HUB_NOT_CACHED, HUB_OTHER_NAME})
"""What is said of a model that whoever looks does not see."""

_RETRY: Final = re.compile(r"\[Retry \d{1,3}/\d{1,3}\]")


def explain_lookup_failure(seen: Observation, broken: StageResult) -> Cause | None:
    """Why the stage that looks a model up does not find it; None where its cache is whole."""
    state = read_hub_state(broken.values.get("hub"))
    if seen.hub is not None and (state is None or (state.kind in _UNSEEN and seen.hub.is_fault)):
        state = seen.hub  # another user's home may be closed to whoever probes, and the image's files are not
    return Cause("", state.detail, state.list_cures(is_here=seen.is_here)) if state and state.is_fault else None


def explain_server_failure(seen: Observation, broken: StageResult, explanation: Explanation | None) -> Cause | None:
    """Why a server asks a hub that does not answer, as far as the image's files tell; None where it does not ask."""
    if broken.name not in SERVING_STAGES or explanation is None or explanation.id not in HUB_ERRORS:
        return None
    state, reason = seen.hub, explain_failure(broken)
    if explanation.id != "hub-retry":
        reason = reason.partition("; the last line that it printed")[0]  # it says what the known error says
    tries = sum(len(_RETRY.findall(text)) for text in list_server_words(seen, broken))
    if tries:
        reason = f"{reason}; its client asked the hub {tries} times again meanwhile"
    if state is None or not state.cures:
        return Cause("", reason) if tries else None
    return Cause("", f"{state.detail}; {reason}", state.cures)


def list_hub_remarks(seen: Observation) -> tuple[str, ...]:
    """That the model's cache has a fault, where no stage has told so, or found it all the same, as who serves it."""
    stage, state = seen.find("own-lookup"), seen.hub
    if state is None or not state.is_fault or (stage is not None and stage.status == PASSED) or seen.text_stage:
        return ()
    return (f"{state.detail}. {'; '.join(state.cures)}",)
