"""Stages `chat-16` to `request-log`: a server asked for texts, at once and piece by piece."""

import contextlib
import re
import time
from typing import Any, Callable, Dict, List, Optional, Tuple

from layerscope.probe.payload.answer_stream import AnswerStream, count_pieces
from layerscope.probe.payload.answer_text import Answer, judge_limit
from layerscope.probe.payload.api_dialects import (
    Call,
    find_message,
    list_chat_calls,
    list_completion_calls,
    list_stream_calls,
)  # fmt: skip
from layerscope.probe.payload.default_length import has_own_generation, tell_default
from layerscope.probe.payload.http_client import CallError, Reply
from layerscope.probe.payload.server_log import tell_log
from layerscope.probe.payload.serving_calls import is_not_offered
from layerscope.probe.payload.serving_stops import ServingStops
from layerscope.probe.payload.stages import FailedStage, SkippedStage, Stage

SHORT_QUESTION = "Reply with the single word READY."
LONG_QUESTION = "Name the seven days of the week, and say one short sentence about each of them."
PROMPT = "The days of the week are Monday, Tuesday,"

FEW, MANY, STREAMED = 16, 512, 64
"""Tokens that are asked for."""

STALL_SHARE, LEAST_STALL = 0.3, 0.2
"""The longest gap within a stream, as a share of its stage's deadline, and at least in seconds."""

TOO_LONG = re.compile(
    r"context|max_tokens|max_new_tokens|maximum.{0,40}(?:length|tokens)|too (?:long|large)", re.IGNORECASE
)

NO_TEXT = frozenset({"empty", "special-only", "other-field"})
LOG_SECONDS, END_SECONDS = 1.0, 3.0
"""How long a line of a request is waited for, and what a server prints in the end."""


class Serving(ServingStops):
    """A server that is up, made to generate."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        """Nothing has been asked yet."""
        ServingStops.__init__(self, settings)
        self._is_suspect = False
        self._pace = 0.0
        """Seconds that a token takes, the first call's start included."""
        self._short: Optional[int] = None
        """Tokens that came where few were asked for."""

    def chat_short(self) -> Tuple[str, Dict[str, Any]]:
        """16 tokens; where a limit ends them before a text begins, the next stage tells."""
        until = time.monotonic() + self.limit("chat-16")
        call, reply = self.ask("chat-16", list_chat_calls(self.dialect, self.model, SHORT_QUESTION, FEW), "chat")
        answer, values = self.read(call, reply)
        self._pace, self._short = reply.seconds / answer.count if answer.count else 0.0, answer.count
        kind, detail = answer.judge()
        if kind in NO_TEXT and answer.is_spent(FEW):
            field = max(answer.others, key=lambda each: len(answer.others[each]), default="")
            return f"{FEW} tokens are spent" + (f" in {field}" if field else " without a text"), values
        if kind:
            raise self._explain(call, answer, FailedStage(kind, detail, values), until)
        return _quote(answer.text), values

    def _explain(self, call: Call, answer: Answer, failure: FailedStage, until: float) -> FailedStage:
        """The failure of a chat, which is the template's where a raw prompt gives a text and nothing else told why."""
        failure = self.explain_empty(call, answer, self.with_log(failure), until)
        is_told = any(name in failure.values for name in ("exception", "unsteady"))
        self._is_suspect = failure.kind in {"empty", "special-only", "degenerate"} and not is_told
        return failure

    def chat_long(self) -> Tuple[str, Dict[str, Any]]:
        """512 tokens: enough to think and to answer."""
        calls = list_chat_calls(self.dialect, self.model, LONG_QUESTION, MANY)
        until = time.monotonic() + self.limit("chat-512")
        self._check_pace()
        try:
            call, reply = self.ask("chat-512", calls, "chat")
        except FailedStage as error:
            if error.values.get("status") in {400, 413, 422} and TOO_LONG.search(str(error)):
                raise SkippedStage(f"the server refuses {MANY} tokens: {error}") from error
            raise
        answer, values = self.read(call, reply)
        kind, detail = answer.judge()
        if kind in NO_TEXT and answer.is_spent(MANY):
            kind, detail = "truncated", f"a limit ended the answer before its text: {detail}"
        kind, detail = (kind, detail) if kind else self._judge_length(answer, values)
        if kind:
            raise self._explain(call, answer, FailedStage(kind, detail, values), until)
        rate = values.get("tokens_per_second")
        told = f"{answer.count} tokens" if answer.count else f"{len(answer.text)} characters"
        return told + (f", {rate:g} a second" if rate else "") + f", finish {answer.finish or 'not told'}", values

    def _judge_length(self, answer: Answer, values: Dict[str, Any]) -> Tuple[str, str]:
        """Whether a limit that nobody asked for ended a text, and in `values`, whether it is transformers' own."""
        heard = self.server.list_texts if self.server is not None else _hear_nothing
        is_own = has_own_generation(self._asked.get("name", ""))
        sentence = tell_default(answer, MANY, heard(), heard(self.asked_at), self._short, is_own=is_own)
        if sentence:
            values["default_length"] = True
            return "truncated", sentence
        if self.context and self.context < 2 * MANY:
            return "", ""
        return judge_limit(answer, MANY)

    def _check_pace(self) -> None:
        """Raise SkippedStage where so many tokens take longer than they may; a first call may only have been slow."""
        if self._pace * MANY < self.limit("chat-512"):
            return
        call, reply = self.ask("chat-512", list_chat_calls(self.dialect, self.model, SHORT_QUESTION, FEW), "chat")
        answer = self.read(call, reply)[0]
        pace = reply.seconds / answer.count if answer.count else self._pace
        if pace * MANY >= self.limit("chat-512"):
            factor = pace * MANY / self.limit("chat-512") + 1
            raise SkippedStage(f"{pace:.2f} s a token are too slow for {MANY} of them: --patience {factor:.0f}")

    def complete(self) -> Tuple[str, Dict[str, Any]]:
        """A continuation of a raw prompt; a model that was trained to chat may have nothing to add to one."""
        calls = list_completion_calls(self.dialect, self.model, PROMPT, FEW)
        try:
            call, reply = self.ask("completion", calls, "raw completion")
        except FailedStage as error:
            if 400 <= error.values.get("status", 0) < 500 and error.kind == "error":
                raise SkippedStage(f"the server refuses it: {error}") from error
            raise
        answer, values = self.read(call, reply)
        kind, detail = answer.judge()
        if kind == "other-field":
            raise self.with_log(FailedStage(kind, detail, values))
        if kind:
            return f"{kind}: {detail}; a model that chats may have no more to say", dict(values, verdict=kind)
        if self._is_suspect:
            values["suspect"] = "template"
            return f"{_quote(answer.text)}: without the chat template there is a text", values
        return _quote(answer.text), values

    def stream(self) -> Tuple[str, Dict[str, Any]]:
        """The same piece by piece: the first byte, the longest gap, and the mark of the end."""
        said = ""
        for call in list_stream_calls(self.dialect, self.model, LONG_QUESTION, STREAMED):
            self.note(call)
            stream = AnswerStream(self.dialect, call.main)
            limit = self.limit("stream")
            try:
                reply = self.client.follow(
                    call.path, call.body, stream.take, seconds=limit, stall=max(LEAST_STALL, limit * STALL_SHARE)
                )
            except CallError as error:
                raise self._tell_stream(call, stream, error) from error
            stream.finish()
            message = find_message(reply)
            if is_not_offered(reply, message):
                said = said or f"POST {call.path}: {reply.status}"
                continue
            self.check_status(call, reply, message)
            return self._judge_stream(call, reply, stream)
        raise SkippedStage("the server offers no stream" + (f" ({said})" if said else ""))

    def _tell_stream(self, call: Call, stream: AnswerStream, error: CallError) -> FailedStage:
        failure = self.tell_call(call, error)
        values, count = dict(failure.values, **stream.measure()), count_pieces(stream.texts)
        if error.kind == "cut" and failure.kind == "error" and stream.texts:
            kind, said = (
                "truncated",
                f"the stream broke off after {count} without its end: {error}",
            )
        elif error.kind in {"stalled", "timeout"} and stream.events:
            kind, said = failure.kind, f"the stream stands still after {count}: {failure}"
        else:
            kind, said = failure.kind, str(failure)
        return self.with_log(FailedStage(kind, said, values))

    def _judge_stream(self, call: Call, reply: Reply, stream: AnswerStream) -> Tuple[str, Dict[str, Any]]:
        answer = stream.answer
        values = dict(answer.describe(), path=call.path, **stream.measure())
        if stream.error:
            raise self.with_log(FailedStage("stream-error", f"an error in the stream: {stream.error}", values))
        if not stream.events or (stream.events == 1 and not stream.has_end and Answer(reply.read_json(), "").others):
            return "the answer came in one piece: the server streams nothing", dict(values, streams=False)
        kind, detail = answer.judge()
        if kind in NO_TEXT and answer.is_spent(STREAMED):
            kind, detail = "", f"{STREAMED} tokens were spent before the text"
        if kind:
            raise self.with_log(FailedStage(kind, f"in the stream, {detail}", values))
        if not stream.has_end and not answer.finish and self.dialect != "triton":
            detail = f"the stream ended after {count_pieces(stream.texts)} without its mark of the end"
            raise self.with_log(FailedStage("truncated", detail, values))
        first = stream.first_text if stream.first_text is not None else stream.first_byte
        told = f"first text after {first:.2f} s, longest gap {stream.longest_gap:.2f} s, {count_pieces(stream.texts)}"
        return told + (f" ({detail})" if detail else ""), values

    def find_request(self) -> Tuple[str, Dict[str, Any]]:
        """Whether the log tells of requests while the server runs, and not only once it ends."""
        if self.server is None:
            raise SkippedStage("the server's output is not seen from here")
        if self.server.poll() is not None:
            raise SkippedStage("the server has ended")
        mark = self.client.request_id or "layerscope"
        since = self.asked_at or time.monotonic()
        with contextlib.suppress(CallError):
            self.client.ask("GET", "/" + mark, seconds=5.0)
        deadline = time.monotonic() + LOG_SECONDS
        while time.monotonic() < deadline:
            told = self._find_line(self.server.list_texts(since), mark)
            if told:
                return told, {"lines": len(self.server.list_texts(since))}
            time.sleep(0.05)
        seconds = min(END_SECONDS, self.limit("request-log") / 3)
        before = len(self.server.list_texts())
        hidden = self.server.describe_log([mark, *self.paths], seconds, self.client.port)
        self.server.interrupt(seconds)
        late = self.server.list_texts()[before:]
        told = self._find_line(late, mark)
        values = dict(hidden, lines=before, late_lines=len(late))
        if told:
            raise FailedStage("mute", "what it prints of requests arrives only when it ends", values)
        if not before:
            return "it prints nothing at all" + tell_log(hidden), dict(values, silent=True)
        return "no line tells of a request" + tell_log(hidden), values

    def _find_line(self, lines: List[str], mark: str) -> str:
        if any(mark in line for line in lines):
            return "requests are told in its log"
        if any(path in line for line in lines for path in self.paths):
            return "paths of requests are told in its log"
        return ""


def _hear_nothing(_since: float = 0.0) -> List[str]:
    return []


def _quote(text: str) -> str:
    shown = " ".join(text.split())
    return repr(shown if len(shown) <= 60 else shown[:57] + "...")


def list_serving_stages(settings: Dict[str, Any], _blobs: List[bytes]) -> List[Stage]:
    """What is asked of the server that the settings describe."""
    return list_stages_of(Serving(settings), is_seen=not settings["serving"].get("url"))


def list_stages_of(serving: Serving, *, is_seen: bool) -> List[Stage]:
    """What is asked of a server; of one that was not started here, no output is seen."""
    rows: List[Tuple[str, Callable[[], Tuple[str, Dict[str, Any]]], Tuple[str, ...]]] = [
        ("listen", serving.listen, ()),
        ("health", serving.health, ("listen",)),
        ("models", serving.models, ("health",)),
        ("chat-16", serving.chat_short, ("models",)),
        ("chat-512", serving.chat_long, ("models",)),
        ("completion", serving.complete, ("models",)),
        ("stream", serving.stream, ("chat-16",)),
    ]
    if is_seen:
        rows.append(("request-log", serving.find_request, ("health",)))
    return [Stage(*row) for row in rows]
