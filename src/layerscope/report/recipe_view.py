"""A recipe as JSON, with the text of every form, and as Markdown."""

from typing import Any

from layerscope.audit.result import AuditResult
from layerscope.recipe.forms import FORMS
from layerscope.recipe.setting import LeftOut, Recipe, Setting, Source
from layerscope.report.json_parts import build_image, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.json_v1 import GapV1
from layerscope.report.markdown import write_code, write_fence
from layerscope.report.places import root_path

_LANGUAGES = {"docker": "sh", "compose": "yaml", "kubernetes": "yaml"}


def render_recipe_json(result: AuditResult, name: str, recipe: Recipe) -> str:
    """The image, each setting in the words of every engine, what is not set, and the texts."""
    return encode_json(
        {
            **head_document(),
            "image": build_image(result.image, result.layers, result.base),
            "intact": result.is_intact,
            "recipe": {
                "settings": [_build_setting(each) for each in recipe.settings],
                "left_out": [_build_left_out(each) for each in recipe.left_out],
                "texts": {form: emit(name, recipe) for form, emit in FORMS.items()},
            },
            "gaps": [GapV1(gap.what, gap.where, gap.why) for gap in sorted(result.gaps)],
        }
    )


def render_recipe_markdown(name: str, form: str, recipe: Recipe) -> str:
    """The text of one form in a fence."""
    title = f"# How to run {write_code(name) if name else 'the image'}"
    text = FORMS[form](name, recipe).splitlines()
    return "\n".join([title, "", *write_fence(text, _LANGUAGES[form])]) + "\n"


def _build_setting(setting: Setting) -> dict[str, Any]:
    return {
        "subject": setting.subject,
        "reason": setting.reason,
        "source": _build_source(setting.source),
        "docker": [list(flag) for flag in setting.docker],
        "compose": setting.compose,
        "kubernetes": {"pod": setting.pod, "container": setting.container},
        "volumes": list(setting.volumes),
        "claims": [{"name": claim.name, "least_size": claim.size or None} for claim in setting.claims],
    }


def _build_left_out(left_out: LeftOut) -> dict[str, Any]:
    return {
        "subject": left_out.subject,
        "reason": left_out.reason,
        "source": _build_source(left_out.source),
        "forms": list(left_out.forms) or list(FORMS),
    }


def _build_source(source: Source | None) -> dict[str, Any] | None:
    if source is None:
        return None
    return {
        "kind": str(source.kind),
        "name": source.name,
        "layer": source.layer,
        "path": root_path(source.path) if source.path else None,
    }
