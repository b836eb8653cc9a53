"""Which image this is: its name, its platform, and its three digests, which are different things."""

from rich.table import Table
from rich.text import Text

from layerscope.image.image import Image
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.places import tell_reference
from layerscope.report.terminal.slashed import Slashed
from layerscope.report.units import format_time


def add_identity(fields: Table, image: Image) -> None:
    """Add rows for name, platform, and those digests that the source has."""
    created = f", created {format_time(image.config.created)}" if image.config.created else ""
    fields.add_row("image", Slashed(Text(escape_line(tell_reference(image.reference)), "path")))
    fields.add_row("platform", escape_text(str(image.config.platform)) + created)
    digests = {"index": image.index_digest, "manifest": image.manifest_digest, "config": image.config_digest}
    for name, digest in digests.items():
        if digest is not None:
            fields.add_row(name, str(digest))
