"""The hub's cache by the environment: the same as in the payload, which imports nothing."""

from itertools import product

import pytest

from layerscope.facts.config.hub_place import CACHE_VARIABLES, find_hub_place, is_offline
from layerscope.probe.payload.hub_places import CACHE_VARIABLES as OF_PAYLOAD
from layerscope.probe.payload.hub_places import find_cache


def test_the_rule_is_that_of_the_payload() -> None:
    """For every choice of the variables, set or empty."""
    assert CACHE_VARIABLES == OF_PAYLOAD
    names = [name for name, _ in CACHE_VARIABLES]
    for values in product(("", "/x/y", "~/z", "rel"), repeat=len(names)):
        environment = {name: value for name, value in zip(names, values, strict=True) if value}
        assert find_hub_place(environment, "/home/app") == find_cache(environment, "/home/app")[0]


@pytest.mark.parametrize(("value", "told"), [("1", True), ("true", True), ("0", False), ("", False)])
def test_a_client_is_offline_by_its_own_words(value: str, told: bool) -> None:
    """As huggingface_hub reads them."""
    assert is_offline({"HF_HUB_OFFLINE": value}) is told
