"""Every text that a recipe can become, by the word that asks for it."""

from collections.abc import Callable
from typing import Final

from layerscope.recipe.compose import emit_compose
from layerscope.recipe.docker import emit_docker
from layerscope.recipe.kubernetes import emit_kubernetes
from layerscope.recipe.setting import Recipe

Emitter = Callable[[str, Recipe], str]
"""From an image's name, empty where no engine knows it by one, and its recipe to the text."""

FORMS: Final[dict[str, Emitter]] = {"docker": emit_docker, "compose": emit_compose, "kubernetes": emit_kubernetes}
