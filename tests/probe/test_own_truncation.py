"""How many tokens a model has positions for, by what its config.json says."""

from typing import Any

import pytest

from layerscope.probe.payload.own_truncation import MOST_CONTEXT, find_context


@pytest.mark.parametrize(
    ("config", "context"),
    [
        ({"n_positions": 1024, "n_ctx": 1024}, 1024),
        ({"max_position_embeddings": 514}, 514),
        ({"text_config": {"max_position_embeddings": 8192}}, 8192),
        ({"max_position_embeddings": 1024, "is_encoder_decoder": True}, 1024),
        ({"n_positions": 512, "is_encoder_decoder": True}, 0),
        ({}, 0),
        ({"max_position_embeddings": "long", "text_config": []}, 0),
        ({"max_position_embeddings": 10**400}, MOST_CONTEXT),
        ({"max_position_embeddings": -1}, 0),
    ],
)
def test_the_context_is_read_where_there_is_one(config: dict[str, Any], context: int) -> None:
    """T5 names positions and has none: what it reads has no end."""
    assert find_context(config) == context
