"""A chat that comes back without a text, asked once more: whether a stop string ends it, or what comes after the model.

The same call is asked again before and after: only where it stays empty, a text that comes with another stop list tells
of a stop string. One that begins with a mark of a turn tells of a model that ends its own at once, where no stop list
is to blame.
Most servers take a stop list of the request in place of their own; many take an empty one for none, so that the list
has a string that no text has.
"""

import re
import time
from typing import Any, Dict, Optional, Tuple

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

THOUGHT = re.compile(r"</?think>", re.IGNORECASE)
"""Marks that part a thought from its answer: they are within a turn, and end none."""

OPENINGS = re.compile(
    r"(?:\s*(?:<(?:s|bos|pad|unk|mask)>|<\|(?:begin_of_text|startoftext|channel|message|bos|pad)\|>"
    r"|\[(?:BOS|CLS|PAD|UNK|MASK)\]|<\|(?:start|im_start)\|>assistant|<\|start_header_id\|>assistant<\|end_header_id\|>"
    r"|<start_of_turn>model))*\s*",
    re.IGNORECASE,
)
"""Marks with which a text of a model begins, and which end nothing."""

ROLE = re.compile(r"(?:#{1,4} ?)?(?:user|human):|\[/?INST\]", re.IGNORECASE)
"""What stands between turns in templates that have no tokens for it."""


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
            lifted, text = self._lift(call, until)
            if _has_text(text):
                return _tell_unsteady(text or "", failure)
            if lifted and text is None:  # nothing ties that text to the stops
                return failure
            self._lifted = lifted
        if self._lifted:
            return _tell_stop(self._lifted, answer.stop, failure)
        if answer.count is not None and answer.count > FEW_COUNTED:
            said = (
                f"the server counts {answer.count} tokens and gives no text of them: what comes after the model cuts "
                "it away (an echo that is trimmed by its number of characters, a parser, an exception that is caught)"
            )
            return FailedStage("trimmed", said, failure.values)
        return failure

    def _lift(self, call: Call, until: float) -> Tuple[str, Optional[str]]:
        """The text without the server's stop strings, and that of the same call with them, as it was asked last."""
        text = self._ask_again(call, until)
        if text is None or _has_text(text):
            return "", text
        lifted = self._ask_again(lift_stops(self.dialect, call), until) or ""
        if not _has_text(lifted) and not find_turn_mark(lifted):
            return "", text
        return lifted, self._ask_again(call, until)

    def _ask_again(self, call: Optional[Call], until: float) -> Optional[str]:
        """The text that a call gives now, empty where it gives none; None where there is no answer until then."""
        left = until - time.monotonic()
        if call is None or left < LEAST_SECONDS:
            return None
        try:
            reply = self.client.ask("POST", call.path, call.body, seconds=left)
        except CallError:
            return None
        if reply.status != 200:
            return None
        return Answer(reply.read_json(), call.main).text


def _has_text(text: Optional[str]) -> bool:
    return bool(SPECIAL.sub("", text or "").strip())


def _tell_stop(lifted: str, stop: str, failure: FailedStage) -> FailedStage:
    """The failure of an answer that is empty with the server's stop strings alone; without them it is that text."""
    mark = find_turn_mark(lifted) or find_turn_mark(stop)
    if mark:
        said = (
            f"the model ends its turn before the first word, with {mark!r}: where the server does not stop there, it "
            f"writes {_shorten(lifted)!r}"
        )
        return FailedStage("special-only", said, failure.values)
    named = f", {stop!r}," if stop else ""
    said = f"a stop string of the server{named} ends the answer before its first word: without it there is a text"
    return FailedStage("stop-string", f"{said}: {_shorten(lifted)!r}", failure.values)


def find_turn_mark(text: str) -> str:
    """The mark of a turn with which a text begins, after blanks; empty where it begins with anything else."""
    openings = OPENINGS.match(text)
    begun = openings.end() if openings else 0
    found = SPECIAL.match(text, begun) or ROLE.match(text, begun)
    return "" if found is None or THOUGHT.match(text, begun) else found.group(0)


def _tell_unsteady(text: str, failure: FailedStage) -> FailedStage:
    """The failure of an answer that was empty, where the very same call gives a text."""
    said = (
        "the first answer was empty, and the same call gave a text when it was asked again "
        f"({_shorten(text)!r}): a server that is not warm yet, or one that fails now and then"
    )
    return FailedStage("empty", said, dict(failure.values, unsteady=True))


def _shorten(text: str) -> str:
    return " ".join(text.split())[:60]
