"""A chat that comes back without a text, asked once more: whether a stop string ends it, or what comes after the model.

Most servers take a stop list of the request in place of their own; many take an empty one for none, so that the list
has a string that no text has.
"""

import time
from typing import Any, Dict, Optional

from layerscope.probe.payload.answer_text import SPECIAL, Answer
from layerscope.probe.payload.api_dialects import Call, lift_stops
from layerscope.probe.payload.http_client import CallError
from layerscope.probe.payload.serving_calls import ServingCalls
from layerscope.probe.payload.stages import FailedStage

ENDS = frozenset({"", "stop", "stop_sequence", "word", "eos_token"})
"""Words by which servers say that an answer came to its end; what a limit or a filter ends is another thing."""

FEW_COUNTED = 5
"""Tokens of an answer that may all be special ones: the marks of a turn, and an empty thought."""

LEAST_SECONDS = 0.5


class ServingStops(ServingCalls):
    """A server that is up, and answers without a text."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        """No answer has been empty yet."""
        ServingCalls.__init__(self, settings)
        self._lifted: Optional[str] = None
        """The text that came without the server's stop strings; None where it was not asked for it."""

    def explain_empty(self, call: Call, answer: Answer, failure: FailedStage, until: float) -> FailedStage:
        """The failure of a chat, with what is to be learnt of one that has no text, until then.

        An exception in its log has told why already.
        """
        if failure.kind not in {"empty", "special-only"} or "exception" in failure.values:
            return failure
        if answer.text.strip() or answer.finish not in ENDS:
            return failure
        if self._lifted is None:
            self._lifted = self._ask_unstopped(call, until)
        if self._lifted:
            named = f", {answer.stop!r}," if answer.stop else ""
            shown = " ".join(self._lifted.split())[:60]
            said = (
                f"a stop string of the server{named} ends the answer before its first word: without it there is a text"
            )
            values = dict(failure.values, without_stops=self._lifted[:200], stop=answer.stop)
            return FailedStage("stop-string", f"{said}: {shown!r}", values)
        if answer.count is not None and answer.count > FEW_COUNTED:
            said = (
                f"the server counts {answer.count} tokens and gives no text of them: what comes after the model cuts "
                "it away (an echo that is trimmed by its number of characters, a parser, an exception that is caught)"
            )
            return FailedStage("trimmed", said, failure.values)
        return failure

    def _ask_unstopped(self, call: Call, until: float) -> str:
        """The text of the same call with a stop list of its own; none where the server takes none, or time is out."""
        again, left = lift_stops(self.dialect, call), until - time.monotonic()
        if again is None or left < LEAST_SECONDS:
            return ""
        try:
            reply = self.client.ask("POST", again.path, again.body, seconds=left)
        except CallError:
            return ""
        text = Answer(reply.read_json(), again.main).text if reply.status == 200 else ""
        return text if SPECIAL.sub("", text).strip() else ""
