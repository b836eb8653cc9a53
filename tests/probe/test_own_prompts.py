"""Chat templates as models have them, filled in: whether each tells a user from an assistant."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from layerscope.probe.payload.own_prompts import MARKS, TALK, check_template, has_like_roles, render_prompt
from layerscope.probe.payload.stages import FailedStage

ONE, TWO, THREE = (text for _, text in TALK)


@pytest.mark.parametrize(
    "talk",
    [
        f"<s>[INST] {ONE} [/INST] {TWO} </s><s>[INST] {THREE} [/INST]",
        f"A chat. USER: {ONE} ASSISTANT: {TWO}</s>USER: {THREE} ASSISTANT:",
        f"<start_of_turn>user\n{ONE}<end_of_turn>\n<start_of_turn>model\n{TWO}<end_of_turn>\n<start_of_turn>user\n{THREE}",
        f"<|user|>\n{ONE}</s>\n<|assistant|>\n{TWO}</s>\n<|user|>\n{THREE}</s>\n<|assistant|>\n",
        f"{ONE}<|endoftext|>{TWO}<|endoftext|>{THREE}<|endoftext|>",
    ],
)
def test_templates_of_known_models_tell_roles_apart(talk: str) -> None:
    """Llama 2, Vicuna, Gemma and Zephyr by their marks, DialoGPT by the order of turns that end."""
    assert not has_like_roles(talk, "<|endoftext|>")


@pytest.mark.parametrize(
    "talk", [f"{ONE} {TWO} {THREE} ", f"### {ONE}\n### {TWO}\n### {THREE}\n", f"[INST]{ONE}[INST]{TWO}[INST]{THREE}"]
)
def test_the_same_mark_before_each_text_tells_nothing(talk: str) -> None:
    """Nor does none."""
    assert has_like_roles(talk, "<|endoftext|>")


@pytest.mark.parametrize("talk", ["", f"{ONE} {THREE}", f"{THREE} {TWO} {ONE}"])
def test_of_a_conversation_that_is_not_rendered_nothing_is_said(talk: str) -> None:
    """A template may refuse it, leave something out, or order it in its own way."""
    assert not has_like_roles(talk, "")


def test_no_mark_is_one_that_sound_models_read_in_pieces() -> None:
    """As Zephyr does with its roles, and Llama 2 with its instructions."""
    assert not {"<|user|>", "<|assistant|>", "<|system|>", "[INST]", "[/INST]", "<s>", "</s>"} & set(MARKS)


class Templated:
    """A tokenizer of which a template alone is asked."""

    chat_template = "a program"
    eos_token = "</s>"

    def __init__(self, fill: Callable[[str, Any], str]) -> None:
        """Each message becomes what `fill` makes of its role and its content."""
        self._fill = fill

    def apply_chat_template(self, messages: Sequence[dict[str, Any]], **_: object) -> str:
        """The messages, one after the other, and the beginning of an answer."""
        return "".join(self._fill(each["role"], each["content"]) for each in messages) + "assistant:"

    def get_vocab(self) -> dict[str, int]:
        """No words."""
        return {}


def fill_parts(role: str, content: Any) -> str:
    """As the templates of models that see images do: of a text that is no list of parts, nothing is taken."""
    texts = [part["text"] for part in content if isinstance(part, dict) and part["type"] == "text"]
    return f"{role}: {''.join(texts)}</s>"


def refuse_texts(role: str, content: Any) -> str:
    """One that raises at anything but a list of parts."""
    if isinstance(content, str):
        raise TypeError("content is to be a list")
    return fill_parts(role, content)


@pytest.mark.parametrize("fill", [fill_parts, refuse_texts])
def test_a_template_may_take_a_text_in_parts(fill: Callable[[str, Any], str]) -> None:
    """It is given them, and is sound."""
    tokenizer, values = Templated(fill), dict[str, Any]()
    assert render_prompt(tokenizer, "Hello") == "user: Hello</s>assistant:"
    assert check_template(tokenizer, is_chat=True, values=values)
    assert "like_roles" not in values


def test_a_template_that_loses_the_message_in_every_form_is_bad() -> None:
    """And one that raises at both is told with what it said of the text."""
    with pytest.raises(FailedStage, match="loses the message"):
        check_template(Templated(lambda role, _: f"{role}: "), is_chat=True, values={})

    def refuse(_role: str, content: Any) -> str:
        raise TypeError(f"no {type(content).__name__}")

    with pytest.raises(FailedStage, match="no str"):
        check_template(Templated(refuse), is_chat=True, values={})
