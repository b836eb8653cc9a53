"""What is asked of a server that is up: calls, their refusals in the words that the host knows, and their answers."""

import re
import time
from typing import Any, Dict, List, Tuple

from layerscope.probe.payload.answer_text import Answer
from layerscope.probe.payload.api_dialects import Call, find_message
from layerscope.probe.payload.http_client import NOT_OFFERED, CallError, Reply
from layerscope.probe.payload.serving_models import ServingModels
from layerscope.probe.payload.serving_start import WAITING, WANTS_KEY
from layerscope.probe.payload.stages import FailedStage, SkippedStage

EXCEPTION = re.compile(r"(?:^|\s)((?:\w+\.)*[A-Z]\w*(?:Error|Exception|Interrupt)\b:?.{0,200})")
TEMPLATE = re.compile(r"chat[ _]?template", re.IGNORECASE)

MAX_SHOWN = 300
"""Characters of a line of the log that are told."""

LATE_SECONDS = 0.4
"""How long after an answer an exception may still be printed."""


class ServingCalls(ServingModels):
    """A server that is up, and calls to it."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        """Nothing has been asked yet."""
        ServingModels.__init__(self, settings)
        self.asked_at = self._called_at = 0.0
        self.paths: List[str] = []
        """Paths that were asked for a text."""

    def ask(self, stage: str, calls: List[Call], what: str) -> Tuple[Call, Reply]:
        """The first of the calls that the server knows; raises SkippedStage or FailedStage."""
        said = ""
        for call in calls:
            reply = self._send(stage, call)
            message = find_message(reply)
            if is_not_offered(reply, message):
                said = said or f"POST {call.path}: {reply.status}"
                continue
            self.check_status(call, reply, message)
            return call, reply
        raise SkippedStage(f"the server offers no {what}" + (f" ({said})" if said else ""))

    def _send(self, stage: str, call: Call) -> Reply:
        self.note(call)
        try:
            return self.client.ask("POST", call.path, call.body, seconds=self.limit(stage))
        except CallError as error:
            raise self.tell_call(call, error) from error

    def note(self, call: Call) -> None:
        """Begin a call; raises SkippedStage where the server has ended."""
        if self.server is not None and self.server.poll() is not None:
            raise SkippedStage("the server has ended")
        self._called_at = time.monotonic()
        self.asked_at = self.asked_at or self._called_at
        if call.path not in self.paths:
            self.paths.append(call.path)

    def tell_call(self, call: Call, error: CallError) -> FailedStage:
        """What became of a call that got no whole answer."""
        if self.server is not None and error.kind in {"cut", "refused"} and self.server.wait(1.0) is not None:
            code = self.server.poll() or 0
            kind = "crash" if code < 0 or code >= 128 else "error"
            return FailedStage(kind, "while it answered, " + self.server.tell_end(code), {"code": code})
        told, values = "", {}  # type: str, Dict[str, Any]
        if error.kind in {"timeout", "stalled"}:
            if self.server is not None:
                told, values = self.server.describe_work()
            return FailedStage("hang", f"POST {call.path}: {error}" + (f": {told}" if told else ""), values)
        return self.with_log(FailedStage("error", f"POST {call.path}: {error}"))

    def with_log(self, failure: FailedStage) -> FailedStage:
        """The failure with the last exception that the server prints of this call, which may come after its answer."""
        if self.server is None:
            return failure
        deadline = time.monotonic() + LATE_SECONDS
        while True:
            lines = self.server.list_texts(self._called_at)
            found = [match.group(1) for match in map(EXCEPTION.search, lines) if match]
            if found or time.monotonic() > deadline:
                break
            time.sleep(0.05)
        if not found:
            return failure
        values = dict(failure.values, exception=found[-1], log=[line[:MAX_SHOWN] for line in lines[-12:]])
        is_open = failure.kind in {"error", "stream-error"}
        kind = "template-missing" if is_open and TEMPLATE.search(found[-1]) else failure.kind
        return FailedStage(kind, f"{failure}; its log says: {found[-1]}", values)

    def check_status(self, call: Call, reply: Reply, message: str) -> None:
        """Raise FailedStage for a refusal."""
        where, values = f"POST {call.path}: {reply.status}", {"status": reply.status, "message": message}
        if 200 <= reply.status < 300:
            return
        if reply.status in WANTS_KEY:
            raise FailedStage(self.key_kind, f"{where} {message}".strip(), values)
        if TEMPLATE.search(message):
            raise FailedStage("template-missing", f"{where} {message}", values)
        if 300 <= reply.status < 400:
            raise FailedStage("redirected", "{} to {!r}".format(where, reply.headers.get("location", "")[:200]), values)
        if reply.status in WAITING:
            raise FailedStage("unavailable", f"{where} {message}, although it was ready before", values)
        raise self.with_log(FailedStage("error", f"{where} {message}".strip(), values))

    def read(self, call: Call, reply: Reply) -> Tuple[Answer, Dict[str, Any]]:
        """The answer, and it as values of a record; raises FailedStage where there is none."""
        body = reply.read_json()
        if body is None and not call.main:
            body = reply.text
        if body is None:
            shown = " ".join(reply.text.split())[:80]
            raise FailedStage("no-json", f"POST {call.path}: the answer is no JSON: {shown!r}")
        answer = Answer(body, call.main)
        if isinstance(body, dict) and body.get("error") and not answer.text:
            raise self.with_log(FailedStage("error", f"POST {call.path}: 200 with an error: {find_message(reply)}"))
        values = dict(answer.describe(), path=call.path, model=self.model[:200], seconds=round(reply.seconds, 4))
        if answer.count and reply.seconds > 0:
            values["tokens_per_second"] = round(answer.count / reply.seconds, 1)
        if self.server is not None:
            values["gpu_nodes"] = self.server.list_gpu_nodes()
        return answer, values


def is_not_offered(reply: Reply, message: str) -> bool:
    """Whether the server has no such path; one that lacks the model says so, with the same status."""
    return reply.status in NOT_OFFERED and not re.search(r"\bmodel\b", message, re.IGNORECASE)
