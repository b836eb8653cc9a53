"""What an extraction wrote, told in one line or to a program."""

from layerscope.filesystem.extraction import Extraction
from layerscope.report.escape import escape_text
from layerscope.report.json_parts import head_document
from layerscope.report.json_text import encode_json
from layerscope.report.places import root_path
from layerscope.rules.wording import tell_count, tell_size


def render_extraction_text(written: Extraction) -> str:
    """How much was written, and where, or under which name where it is one file."""
    counts = (
        (written.files, "file", "files"),
        (written.directories, "directory", "directories"),
        (written.links, "symlink", "symlinks"),
    )
    told = ", ".join(tell_count(count, noun, plural) for count, noun, plural in counts if count) or "nothing"
    place = "to" if written.directories else "as"
    return f"wrote {told}, {tell_size(written.size)}, {place} {escape_text(str(written.target))}\n"


def render_extraction_json(written: Extraction) -> str:
    """The same, with every path that was left out."""
    return encode_json(
        {
            **head_document(),
            "target": str(written.target),
            "files": written.files,
            "directories": written.directories,
            "links": written.links,
            "size": written.size,
            "skipped": [{"path": root_path(item.path), "reason": item.reason} for item in written.skipped],
        }
    )
