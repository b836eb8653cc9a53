"""The fixture images and the page that lists them agree."""

import re

import pytest

from support.images import FIXTURES, list_recipes, load_recipe


def test_every_fixture_image_is_listed_once() -> None:
    """The table has a row for each recipe, in the order of their names."""
    rows = re.findall(r"^\| \[`([a-z-]+)`\]\(\1/image\.toml\) \|", (FIXTURES / "README.md").read_text(), re.MULTILINE)
    assert rows == list_recipes()


@pytest.mark.parametrize("name", list_recipes())
def test_every_fixture_image_says_what_it_is_for(name: str) -> None:
    """A recipe has a purpose of one sentence, and a tag with its name unless it shows another."""
    recipe = load_recipe(FIXTURES / name)
    assert recipe.purpose.endswith(".")
    assert recipe.table.tag.startswith(("fixtures/", "acme/"))
