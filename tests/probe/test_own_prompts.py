"""Chat templates as models have them, filled in: whether each tells a user from an assistant."""

import pytest

from layerscope.probe.payload.own_prompts import MARKS, TALK, has_like_roles

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
