"""That nothing of an image was to be changed, and none was made: the reason, in each format."""

from layerscope.audit.result import AuditResult
from layerscope.report.json_parts import build_image, head_document
from layerscope.report.json_text import encode_json
from layerscope.report.markdown import write_code, write_prose
from layerscope.report.places import tell_reference


def render_unchanged_text(reason: str) -> str:
    """One line."""
    return f"{reason[:1].upper()}{reason[1:]}\n"


def render_unchanged_markdown(result: AuditResult, reason: str) -> str:
    """The same below the image's name."""
    return f"# {write_code(tell_reference(result.image.reference))}\n\n{write_prose(render_unchanged_text(reason))}\n"


def render_unchanged_json(result: AuditResult, reason: str) -> str:
    """A document in which there is no result."""
    return encode_json(
        {
            **head_document(),
            "image": build_image(result.image, result.layers, result.base),
            "result": None,
            "reason": reason,
            "objections": [],
            "removed": [],
            "added": [],
        }
    )
