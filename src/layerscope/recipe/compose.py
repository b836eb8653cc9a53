"""A recipe as a compose file."""

from collections.abc import Iterable
from typing import Any, Final

from layerscope.recipe.comments import to_line, write_comments
from layerscope.recipe.joined import join_parts
from layerscope.recipe.names import name_application
from layerscope.recipe.setting import Recipe, Setting
from layerscope.recipe.yaml_text import Noted, render_yaml

NAMELESS: Final = "${IMAGE:?expected the name by which the engine has the image}"


def build_service(settings: Iterable[Setting], *, notes: bool = False) -> dict[str, Any]:
    """The service's part of a compose file."""
    return join_parts((each.compose, each.note if notes else "") for each in settings)


def emit_compose(image: str, recipe: Recipe) -> str:
    """A compose file with one service and the volumes that it mounts; texts of the image come out as they are."""
    service = {
        "image": double_dollars(image) if image else NAMELESS,
        **{key: double_dollars(value) for key, value in build_service(recipe.settings, notes=True).items()},
    }
    document: dict[str, Any] = {"services": {name_application(image): service}}
    volumes = dict.fromkeys(name for each in recipe.settings for name in each.volumes)
    if volumes:
        document["volumes"] = {name: {} for name in volumes}
    head = [
        f"# Runs {to_line(image) or 'the image'} with what it needs. Save it as compose.yaml, then: docker compose up",
        *write_comments(recipe.list_left_out("compose")),
    ]
    return "\n".join(head) + f"\n{render_yaml(document)}"


def double_dollars(value: Any) -> Any:
    """A value as compose is given it, which puts a variable in the place of `$NAME`; two dollars are one."""
    if isinstance(value, Noted):
        return Noted(double_dollars(value.value), value.notes)
    if isinstance(value, dict):
        return {key: double_dollars(each) for key, each in value.items()}
    if isinstance(value, list):
        return [double_dollars(each) for each in value]
    return value.replace("$", "$$") if isinstance(value, str) else value
