"""The recipe of a hardened run, as a person copies it."""

from typing import TYPE_CHECKING

from layerscope.probe.recipe import build_proved_pod, build_recipe, list_proved_flags
from layerscope.probe.variants import Trials
from layerscope.probe.verdict import Verdict
from layerscope.recipe.setting import Recipe
from layerscope.recipe.yaml_text import render_yaml
from layerscope.report.escape import escape_text
from layerscope.report.json_v1_probe import RecipeV1

if TYPE_CHECKING:
    from layerscope.report.terminal.page import Page


def draw_recipe(page: "Page", trials: Trials | None, verdict: Verdict, *, is_wanted: bool) -> None:
    """The recipe where it is wanted, and where it is not, that there is one."""
    recipe = build_recipe(trials, verdict)
    if recipe is not None and is_wanted:
        _draw(page, recipe)
    elif recipe is not None:
        page.add_line(f"{page.symbols.arrow} it runs locked down: --recipe prints the flags that were proved", indent=2)
    elif is_wanted:
        page.add_line(f"{page.symbols.doubt} no recipe: no run of layerscope's own was seen to be good", indent=2)


def _draw(page: "Page", recipe: Recipe) -> None:
    page.add_heading("Recipe")
    page.add_line(("as run here, for docker run and podman run; the network is yours to give", "muted"), indent=2)
    for flag in list_proved_flags(recipe):
        page.add_line(f"{escape_text(flag)} \\", indent=4)
    page.add_line(("in the spec of a Kubernetes pod; a NetworkPolicy keeps it off the network", "muted"), indent=2)
    for line in render_yaml(build_proved_pod(recipe)).splitlines():
        page.add_line(escape_text(line), indent=4)


def build_recipe_json(trials: Trials | None, verdict: Verdict) -> RecipeV1 | None:
    """The recipe as a program reads it."""
    recipe = build_recipe(trials, verdict)
    return RecipeV1(list_proved_flags(recipe), build_proved_pod(recipe)) if recipe is not None else None
