"""The limit that transformers takes by itself: told where it shows, and of nobody else."""

from typing import Final

import pytest

from layerscope.probe.payload.answer_text import Answer
from layerscope.probe.payload.default_length import find_default_warning, has_own_generation, tell_default

NEW: Final = (
    "/opt/generation/utils.py:1983: UserWarning: Using the model-agnostic default `max_length` (=52) to control the "
    "generation length. We recommend setting `max_new_tokens` to control the maximum length of the generation."
)
WARNINGS: Final = {
    "new": NEW,
    "4.26": "UserWarning: Using `max_length`'s default (20) to control the generation length. This behaviour",
    "4.20": "Neither `max_length` nor `max_new_tokens` has been set, `max_length` will default to 20",
    "prompt": "Input length of input_ids is 31, but `max_length` is set to 20. This can lead to unexpected behavior.",
}


def answer(count: int | None, finish: str, text: str = "Explicit is better t") -> Answer:
    """An answer of so many tokens, or of a server that does not count."""
    usage = {} if count is None else {"usage": {"completion_tokens": count}}
    choice = {"message": {"content": text}, "finish_reason": finish}
    return Answer({"choices": [choice], **usage}, "choices[0].message.content")


@pytest.mark.parametrize("release", WARNINGS)
def test_the_warning_of_each_release_is_known(release: str) -> None:
    """In the words of that release, from where they begin."""
    assert find_default_warning(["loading", WARNINGS[release]]).startswith(("Using", "Neither", "Input length"))


@pytest.mark.parametrize(
    ("count", "finish", "lines", "recent", "short"),
    [
        (20, "length", [], [], None),
        (20, "length", [NEW], [NEW], 20),
        (20, "stop", [NEW], [], 16),
        (20, "stop", [], [], 20),
        (None, "", [NEW], [NEW], None),
        (9, "length", [NEW], [], 9),
    ],
    ids=["at its limit", "said so", "said so before", "twice so many", "not counted", "with the prompt"],
)
def test_the_limit_is_told(
    count: int | None, finish: str, lines: list[str], recent: list[str], short: int | None
) -> None:
    """By the number of tokens, by what the server prints, or by both."""
    told = tell_default(answer(count, finish), 512, lines, recent, short)
    assert "transformers' generate()" in told
    assert ("its log says: Using the model-agnostic default" in told) == bool(lines)


@pytest.mark.parametrize(
    ("told", "lines", "recent", "short"),
    [
        (answer(20, "stop"), [], [], 16),
        (answer(20, "stop", "Monday is the first day."), [], [], 20),
        (answer(20, "stop", 'They say "it begins".”'), [], [], 20),
        (answer(20, "stop", "**Sunday is quiet.**\n"), [], [], 20),
        (answer(20, "stop", "Monday is the first day. Sunday ends it all."), [NEW], [], 5),
        (answer(10, "length"), [], [], 10),
        (answer(512, "length", "x" * 900), [NEW], [], 16),
        (answer(60, "stop", "x" * 200), [NEW], [NEW], 16),
        (answer(None, "stop"), [NEW], [], None),
        (answer(None, "length", "x" * 900), [NEW], [NEW], None),
    ],
    ids=[
        "its own end",
        "a sentence",
        "quoted",
        "marked",
        "a sentence, warmed up",
        "another limit",
        "warmed up",
        "counted beyond",
        "warmed up, not counted",
        "long",
    ],
)
def test_no_other_end_is_taken_for_it(told: Answer, lines: list[str], recent: list[str], short: int | None) -> None:
    """Nor a model that is warmed up by a call without a limit."""
    assert tell_default(told, 512, lines, recent, short) == ""


def test_a_warning_of_that_very_call_is_believed() -> None:
    """Even where the text ends with a sentence by chance."""
    assert tell_default(answer(20, "stop", "Monday is the first day."), 512, [NEW], [NEW], 5)


@pytest.mark.parametrize(
    "name", ["vLLM", "SGLang", "Text Generation Inference", "Triton Inference Server", "Ollama", "llama.cpp server"]
)
def test_a_server_with_a_generation_of_its_own_is_blamed_by_a_warning_alone(name: str) -> None:
    """A count, or a limit that it names, has other causes there."""
    assert has_own_generation(name)
    cut, ended = answer(20, "length"), answer(20, "stop")
    assert [tell_default(each, 512, [], [], 20, is_own=True) for each in (cut, ended)] == ["", ""]
    assert tell_default(cut, 512, [NEW], [NEW], 20, is_own=True)


@pytest.mark.parametrize("name", ["", "stub", "transformers serve", "FastAPI", "TorchServe"])
def test_of_any_other_server_it_may_be(name: str) -> None:
    """Also of one that nothing names."""
    assert not has_own_generation(name)
