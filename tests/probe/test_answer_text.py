"""The text of an answer, wherever it is, and what became of it."""

from pathlib import Path
from typing import Any

import pytest

from layerscope.probe.payload.answer_stream import AnswerStream, count_pieces
from layerscope.probe.payload.answer_text import Answer, judge_limit

MAIN = "choices[0].message.content"
ENGLISH = (
    "The seven days of the week are Monday, Tuesday, Wednesday, Thursday, Friday, Saturday and Sunday. On Monday most "
    "people go back to work, and on Friday they look forward to two days at home with their families and friends. "
)


def chat(**message: Any) -> dict[str, Any]:
    """An answer with that message."""
    return {"choices": [{"message": {"role": "assistant", **message}, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (chat(content="READY"), "", ""),
        (chat(content="READY", reasoning_content="let me think"), "", ""),
        (chat(content="x", tool_calls=[]), "", ""),
        (chat(content=""), "empty", ""),
        (chat(content=None), "empty", ""),
        (chat(content=" \n"), "empty", ""),
        ({}, "empty", ""),
        ([], "empty", ""),
        (chat(content="</s>"), "special-only", "</s>"),
        (chat(content="<think></think>"), "special-only", ""),
        ({**chat(content=""), "usage": {"completion_tokens": 3}}, "special-only", "3 tokens"),
        (chat(content="", reasoning_content="hm"), "other-field", "message.reasoning_content"),
        (chat(content="<think>", reasoning="hm"), "other-field", "message.reasoning"),
        (chat(content=[{"type": "text", "text": "hm"}]), "other-field", "message.content[0].text"),
        (chat(content=None, audio={"transcript": "hm"}), "other-field", "audio.transcript"),
        ({"choices": [{"text": "hm"}]}, "other-field", "choices[0].text"),
        ({"generated_text": "hm"}, "other-field", "generated_text"),
        ([{"generated_text": "hm"}], "other-field", "[0].generated_text"),
        ({"response": "hm"}, "other-field", "response"),
        ({"outputs": [{"text": "hm"}]}, "other-field", "outputs[0].text"),
        ({"output": ["h", "m"]}, "other-field", "output[]"),
        ({"message": {"thinking": "hm"}}, "other-field", "message.thinking"),
        (chat(content="!" * 40), "degenerate", ""),
        (chat(content="G" * 400), "degenerate", ""),
        (chat(content="the cat sat. " * 60), "degenerate", ""),
        (chat(content="\ufffd" * 8), "degenerate", ""),
        (chat(content=ENGLISH), "", ""),
        (chat(content="星期一是一周的开始,人们回到工作岗位。星期五大家期待周末,星期天在家休息。"), "", ""),
        (chat(content="ha ha ha"), "", ""),
    ],
)
def test_an_answer_has_its_kind(body: Any, kind: str, words: str) -> None:
    """Text where it belongs is text, also beside other fields; and no other text is overlooked."""
    found, detail = Answer(body, MAIN).judge()
    assert found == kind, detail
    assert words in detail


def test_long_texts_are_no_repetition() -> None:
    """A language has few letters and many words."""
    words = (Path(__file__).parents[2] / "LICENSE").read_text().split()
    text = " ".join(words[:500])
    assert Answer(chat(content=text), MAIN).judge() == ("", "")


@pytest.mark.parametrize(
    ("finish", "count", "text", "kind"),
    [
        ("stop", 10, "a", ""),
        ("length", 512, "a" * 900, ""),
        ("length", 100, "a" * 900, "truncated"),
        ("max_tokens", 100, "a" * 900, "truncated"),
        ("length", None, "a" * 900, ""),
        ("length", None, "short", "truncated"),
    ],
)
def test_a_limit_that_nobody_asked_for_is_told(finish: str, count: int | None, text: str, kind: str) -> None:
    """By the number of tokens, or by so few characters that it cannot have been reached."""
    body = chat(content=text)
    body["choices"][0]["finish_reason"] = finish
    body["usage"] = {"completion_tokens": count}
    assert judge_limit(Answer(body, MAIN), 512)[0] == kind


def test_hostile_answers_are_read_as_far_as_they_may_be() -> None:
    """Deep, wide and odd ones."""
    deep: Any = "text"
    for _ in range(500):
        deep = {"content": deep}
    assert Answer(deep, MAIN).judge()[0] == "empty"
    assert len(Answer({"choices": [{"text": "x"}] * 10_000}, MAIN).others) < 300
    assert Answer({"choices": "none", "usage": 3}, MAIN).judge()[0] == "empty"


def feed(stream: AnswerStream, *pieces: bytes) -> AnswerStream:
    """The stream, a second between its pieces."""
    for number, piece in enumerate(pieces):
        stream.take(piece, number + 1.0)
    stream.finish()
    return stream


def test_a_stream_of_events_is_put_together() -> None:
    """Wherever its pieces are cut."""
    first, second = b'data: {"choices": [{"delta": {"content": "Mon', b'day"}}]}\n\ndata: [DONE]\n\n'
    stream = feed(AnswerStream("openai", "choices[0].delta.content"), first, second)
    assert (stream.answer.text, stream.has_end, stream.texts) == ("Monday", True, 1)
    told = stream.measure()
    assert (told["first_byte"], told["first_text"], told["longest_gap"]) == (1.0, 2.0, 1.0)


def test_streams_of_other_dialects_are_read() -> None:
    """Lines of JSON, and events without a mark."""
    ollama = b'{"message": {"content": "Mon"}, "done": false}\n{"message": {"content": ""}, "done": true}\n'
    stream = feed(AnswerStream("ollama", "message.content"), ollama)
    assert (stream.answer.text, stream.has_end) == ("Mon", True)
    tgi = b'data: {"token": {"text": "Mon"}, "generated_text": null}\n'
    tgi += b'data: {"token": {"text": "day"}, "generated_text": "Monday"}\n'
    stream = feed(AnswerStream("tgi", "token.text"), tgi)
    assert (stream.answer.text, stream.has_end, stream.answer.others) == ("Monday", True, {})
    triton = b'data: {"text_output": "Mon"}\ndata: {"error": "out of memory"}\n'
    stream = feed(AnswerStream("triton", "text_output"), triton)
    assert (stream.answer.text, stream.error) == ("Mon", "out of memory")


def test_pieces_are_counted_in_words() -> None:
    """One is no plural."""
    assert [count_pieces(count) for count in (0, 1, 2)] == ["0 pieces", "1 piece", "2 pieces"]
