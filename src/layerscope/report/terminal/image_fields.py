"""Which image this is: its name, its platform, and its three digests, which are different things."""

from rich.table import Table
from rich.text import Text

from layerscope.image.image import Image
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.terminal.page import Page
from layerscope.report.units import format_time


def add_identity(fields: Table, page: Page, image: Image) -> None:
    """Add rows for name, platform and digests."""
    created = f", created {format_time(image.config.created)}" if image.config.created else ""
    fields.add_row("image", Text(escape_line(image.reference), "path"))
    fields.add_row("platform", escape_text(str(image.config.platform)) + created)
    digests = {"index": image.index_digest, "manifest": image.manifest_digest, "config": image.config_digest}
    for name, digest in digests.items():
        fields.add_row(name, Text(str(digest)) if digest else Text(f"{page.symbols.dash} none here", "muted"))
