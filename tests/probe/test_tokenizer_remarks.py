"""What is said of a tokenizer, from values that an image may have made up."""

from typing import Any

import pytest

from layerscope.probe.observation import Observation, StageResult
from layerscope.probe.tokenizer_remarks import list_template_faults, list_tokenizer_remarks


def see(**values: Any) -> Observation:
    """A tokenizer that has passed with these values."""
    return Observation((StageResult("own-tokenizer", "passed", values=values),))


def test_each_kind_of_text_has_its_cure() -> None:
    """A word that is too long is split; for a script that is not known, there are other models."""
    (told,) = list_tokenizer_remarks(see(unknown=["emoji", "long"]))
    assert "vocabulary covers them, and split long words" in told
    (told,) = list_tokenizer_remarks(see(unknown=["emoji"]))
    assert "long words" not in told


def test_each_setting_is_told_with_its_numbers() -> None:
    """In the order of their files."""
    row = {"limit": 128, "context": 2048, "before": 210, "after": 128}
    told = list_tokenizer_remarks(see(cuts={"tokenizer.json": row, "tokenizer_config.json": row}))
    assert [each.partition(" cuts ")[0] for each in told] == [
        "truncation of tokenizer.json at 128 tokens", "model_max_length 128 of tokenizer_config.json",
    ]  # fmt: skip
    assert all("of 210 tokens 128 are left, and the model reads 2,048" in each for each in told)


def test_both_faults_of_a_template_are_told() -> None:
    """They may be of one template."""
    told = list_template_faults(see(like_roles="A B C", foreign_marks={"<|im_end|>": ["<|", "im_end", "|>"]}))
    assert "'A B C'" in told[0]
    assert "<|im_end|> into <| im_end |>" in told[1]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"dropped": "all", "unknown": {"a": 1}, "foreign_marks": ["<|im_end|>"], "cuts": "both"},
        {"cuts": {"tokenizer.json": ["128"], "tokenizer_config.json": {"limit": "1"}, "other": {"limit": 1}}},
    ],
)
def test_values_of_another_form_say_nothing(values: dict[str, Any]) -> None:
    """They come from the image's own process."""
    assert list_tokenizer_remarks(see(**values)) == ()
