"""Chats without a text, asked once more: by which stop list, how often, and what is made of the second answer."""

from typing import Any, Final

import pytest

from layerscope.probe.observation import Observation
from layerscope.probe.payload.answer_text import find_stop
from layerscope.probe.payload.api_dialects import NO_STOP, lift_stops, list_chat_calls
from layerscope.probe.payload.serving_stops import find_turn_mark
from layerscope.probe.verdict import Outcome, judge
from support.payload_stages import ask_server
from support.served_handler import serve_handler
from support.stub_server import StubHandler

CHAT: Final = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("dialect", "places"),
    [("openai", [("stop",)]), ("ollama", [("options", "stop")]), ("tgi", [("stop",), ("parameters", "stop")])],
)
def test_each_dialect_takes_a_stop_list_where_it_looks_for_it(dialect: str, places: list[tuple[str, ...]]) -> None:
    """And all else of the call is as it was."""
    calls = list_chat_calls(dialect, "small", "Hello?", 16)
    for call, place in zip(calls, places, strict=True):
        before = repr(call.body)
        again = lift_stops(dialect, call)
        assert again is not None
        found: Any = again.body
        for name in place:
            found = found[name]
        assert found == [NO_STOP]
        assert (again.path, again.main, repr(call.body)) == (call.path, call.main, before)


@pytest.mark.parametrize("dialect", ["triton", "cog", "torchserve"])
def test_an_api_without_a_stop_list_is_not_asked_again(dialect: str) -> None:
    """There is no such field that all of its servers know."""
    assert lift_stops(dialect, list_chat_calls(dialect, "small", "Hello?", 16)[0]) is None


@pytest.mark.parametrize(
    ("choice", "stop"),
    [
        ({"finish_reason": "stop", "stop_reason": "\n"}, "\n"),
        ({"finish_reason": "stop", "matched_stop": "###"}, "###"),
        ({"finish_reason": "stop", "matched_stop": 151645}, ""),
        ({"finish_reason": "stop", "stop_reason": None}, ""),
        ({"stop_reason": "end_turn"}, ""),
    ],
)
def test_the_stop_string_is_named_where_the_server_does(choice: dict[str, Any], stop: str) -> None:
    """As vLLM and SGLang do; the number of a token is none, nor is another API's reason."""
    assert find_stop({"choices": [choice]}) == stop


class Counted(StubHandler):
    """A stub that keeps what it was asked for."""

    seen: "list[dict[str, Any]]"
    refuses = False

    def _choose(self, body: dict[str, Any], *, chats: bool) -> tuple[str, str, int]:
        self.seen.append(body)
        return StubHandler._choose(self, body, chats=chats)

    def _send(self, status: int, body: Any) -> None:
        if self.refuses and self.path == CHAT and "stop" in self.seen[-1]:
            StubHandler._send(self, 422, {"detail": "extra fields not permitted"})
        else:
            StubHandler._send(self, status, body)


def ask(fault: str, *, refuses: bool = False) -> tuple[Observation, list[dict[str, Any]]]:
    """What the stages see of a stub with that fault, and the chats that it was asked for."""
    seen: list[dict[str, Any]] = []
    faults = frozenset({fault, "silent"})
    handler = type("Asked", (Counted,), {"faults": faults, "seen": seen, "refuses": refuses})
    with serve_handler(handler) as port:
        told = ask_server(port)
    return told, [body for body in seen if "messages" in body and not body.get("stream")]


def test_a_text_that_comes_without_the_servers_stop_strings_is_told_once() -> None:
    """In all that follows, it is known without asking; the template is not suspected."""
    seen, chats = ask("stops-at-once")
    assert ["stop" in body for body in chats] == [False, False, True, False, False]
    assert {stage.name: stage.kind for stage in seen.stages if stage.kind} == {
        "chat-16": "stop-string",
        "chat-512": "stop-string",
    }
    verdict = judge(seen)
    assert (verdict.outcome, verdict.root, verdict.remarks) == (Outcome.EMPTY, "chat-16", ())
    assert "stop_strings" in verdict.cures[0]


def test_a_server_that_is_not_warm_yet_has_no_stop_string() -> None:
    """The same call gives a text the second time, so that no stop list is asked for and no template suspected."""
    seen, chats = ask("cold")
    assert ["stop" in body for body in chats] == [False, False, False]
    assert {stage.name: stage.kind for stage in seen.stages if stage.kind} == {"chat-16": "empty"}
    verdict = judge(seen)
    assert verdict.remarks == ()
    assert "a server that is not warm yet, or one that fails now and then" in verdict.reason
    assert "startupProbe" in verdict.cures[0]


def test_a_server_that_fails_twice_by_chance_has_no_stop_string() -> None:
    """A text that comes with another stop list comes with the server's own as well."""
    seen, chats = ask("flaky")
    assert ["stop" in body for body in chats] == [False, False, True, False, False]
    assert {stage.name: stage.kind for stage in seen.stages if stage.kind} == {"chat-16": "empty"}
    verdict = judge(seen)
    assert "fails now and then" in verdict.reason
    assert not any("stop string" in cure for cure in verdict.cures)


def test_a_model_that_ends_its_turn_at_once_has_no_stop_string() -> None:
    """What comes where nothing stops it begins with the mark of its turn's end: no cure lets the server run past it."""
    seen, _ = ask("ends-turn")
    kinds = {stage.name: stage.kind for stage in seen.stages if stage.kind}
    assert (kinds["chat-16"], kinds["chat-512"]) == ("special-only", "special-only")
    verdict = judge(seen)
    assert verdict.kind == "special-only"
    assert "'<|im_end|>'" in next(stage.detail for stage in seen.stages if stage.name == "chat-16")
    assert not any("stop string" in cure for cure in verdict.cures)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("\n <|im_end|>\n<|im_start|>user", "<|im_end|>"),
        ("</s>", "</s>"),
        ("<end_of_turn>\n", "<end_of_turn>"),
        ("### Human: and now", "### Human:"),
        ("[/INST] so", "[/INST]"),
        ("\nREADY<|im_end|>", ""),
        ("<think>\nWell", ""),
        ("<s>READY", ""),
        ("<|channel|>analysis<|message|>Well", ""),
        ("<s> </s>", "</s>"),
        ("<|start|>user<|message|>READY", "<|start|>"),
        ("<|start|>assistant<|channel|>final<|message|>READY", ""),
        ("<|im_start|>assistant\nREADY", ""),
        ("<|im_start|>", "<|im_start|>"),
        ("<|start_header_id|>assistant<|end_header_id|>\n\nREADY", ""),
        ("<start_of_turn>model\nREADY", ""),
        ("<start_of_turn>user\nREADY", "<start_of_turn>"),
        ("<|bos|>READY", ""),
        ("<s>" * 1_000_000 + " \n" * 500_000 + "</s>", "</s>"),
        ("</think>\n\nREADY", ""),
        ("User manual", ""),
        ("", ""),
    ],
)
def test_the_mark_of_a_turn_is_known_where_a_text_begins(text: str, mark: str) -> None:
    """A thought's marks are none, nor are those with which texts begin, nor is what stands behind a text."""
    assert find_turn_mark(text) == mark


def test_a_text_that_is_counted_and_not_given_is_cut_away() -> None:
    """By what comes after the model, since another stop list changes nothing."""
    seen, chats = ask("echo-trimmed")
    assert ["stop" in body for body in chats] == [False, False, True, False]
    stages = {stage.name: stage for stage in seen.stages}
    assert (stages["chat-16"].kind, stages["chat-512"].kind) == ("trimmed", "trimmed")
    assert "input_ids.shape[1]" in judge(seen).cures[0]


@pytest.mark.parametrize("fault", ["empty", "eos-first"])
@pytest.mark.parametrize("refuses", [False, True], ids=["takes", "refuses"])
def test_a_model_that_says_nothing_is_told_as_before(fault: str, *, refuses: bool) -> None:
    """Also where the second question is refused."""
    seen, chats = ask(fault, refuses=refuses)
    assert len(chats) == 4
    assert judge(seen).kind == {"empty": "empty", "eos-first": "special-only"}[fault]


@pytest.mark.parametrize("fault", ["special-only", "degenerate", "thinks-all", "capped", "none"])
def test_an_answer_with_a_text_or_at_a_limit_is_not_asked_for_again(fault: str) -> None:
    """Nor one of a sound server."""
    _, chats = ask(fault)
    assert ["stop" in body for body in chats] == [False, False]
