"""An image at a glance: its digests, its config, and its history as the Dockerfile it might have been."""

from collections.abc import Iterable, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from layerscope.formats.secret_text import redact_text, redact_value, redact_words
from layerscope.image.attachment import Attachment
from layerscope.image.config import Healthcheck, RuntimeConfig
from layerscope.image.history import BuildStep
from layerscope.image.image import Image
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_line, escape_text
from layerscope.report.instruction import tell_instruction
from layerscope.report.stored_size import is_size_exact
from layerscope.report.terminal.image_fields import add_identity
from layerscope.report.terminal.page import Page, start_fields, start_table
from layerscope.report.terminal.slashed import Slashed
from layerscope.report.units import format_time
from layerscope.rules.wording import tell_count, tell_size

NANOSECONDS: Final = 10**9


def render_inspect_text(
    image: Image, steps: Sequence[BuildStep], context: RenderContext, *, attached: Sequence[Attachment] = ()
) -> str:
    """Identity, config and history."""
    page = Page(context)
    fields = start_fields()
    add_identity(fields, image)
    sizes = [layer.stored_size for layer in image.layers]
    about = "" if all(map(is_size_exact, image.layers)) else "about "
    stored = f", {about}{tell_size(sum(size or 0 for size in sizes))} stored" if None not in sizes else ""
    fields.add_row("layers", f"{tell_count(len(image.layers), 'layer')}{stored}")
    fields.add_row("read", escape_line(image.source))
    for number, attachment in enumerate(attached):
        fields.add_row("" if number else "beside", _tell_attachment(attachment))
    for note in image.notes:
        fields.add_row("note", escape_line(note))
    page.add(fields)
    _draw_config(page, image.config.runtime)
    _draw_history(page, steps, sizes)
    return page.read()


def _tell_attachment(attachment: Attachment) -> str:
    """What it is, which, and how it was found."""
    kind = escape_line(attachment.type) if attachment.kind == "referrer" else attachment.kind
    return f"{kind} {attachment.digest} ({attachment.found}, not verified)"


def _draw_config(page: Page, runtime: RuntimeConfig) -> None:
    page.add_heading("Config")
    fields = start_fields()
    dash = page.symbols.dash
    fields.add_row("user", escape_text(runtime.user) or Text(f"{dash} root, since none is set", "muted"))
    fields.add_row("workdir", escape_text(runtime.working_dir) or Text("/", "muted"))
    fields.add_row("entry", _tell_words(runtime.entrypoint) or Text(dash, "muted"))
    fields.add_row("command", _tell_words(runtime.cmd) or Text(dash, "muted"))
    rows: Iterable[tuple[str, Iterable[str]]] = (
        ("health", [_tell_health(runtime.healthcheck)] if runtime.healthcheck else []),
        ("ports", runtime.exposed_ports),
        ("volumes", runtime.volumes),
        ("stop", [runtime.stop_signal] if runtime.stop_signal else []),
        ("shell", [_tell_words(runtime.shell)] if runtime.shell else []),
        ("onbuild", map(redact_text, runtime.on_build)),
        ("env", (_tell_pair(*entry.partition("=")[::2]) for entry in runtime.env)),
        ("labels", (_tell_pair(*label) for label in sorted(runtime.labels.items()))),
    )
    for name, values in rows:
        for number, value in enumerate(values):
            fields.add_row(name if number == 0 else "", Slashed(Text(escape_text(value))))
    page.add(fields)


def _draw_history(page: Page, steps: Sequence[BuildStep], sizes: Sequence[int | None]) -> None:
    page.add_heading("History", "lowest first; a step without a layer changed the config alone")
    table = start_table()
    table.add_column("layer", justify="right", no_wrap=True)
    table.add_column("stored", justify="right", no_wrap=True)
    if not page.is_narrow:
        table.add_column("created (UTC)", no_wrap=True, style="muted")
    table.add_column("instruction", overflow="fold")
    for step in steps:
        _add_step(table, page, step, sizes)
    page.add(table)


def _add_step(table: Table, page: Page, step: BuildStep, sizes: Sequence[int | None]) -> None:
    dash = page.symbols.dash
    size = sizes[step.layer] if step.layer is not None else None
    created = format_time(step.created).removesuffix(" UTC") if step.created else dash
    table.add_row(
        Text(dash, "muted") if step.layer is None else str(step.layer),
        Text(dash, "muted") if size is None else tell_size(size),
        *(() if page.is_narrow else (created,)),
        Slashed(_tell_step(step)),
    )


def _tell_step(step: BuildStep) -> Text:
    """The instruction, its first word standing out."""
    text = tell_instruction(step)
    keyword, space, rest = text.partition(" ")
    is_instruction = keyword.isascii() and keyword.isalpha() and keyword.isupper()
    return Text.assemble((keyword, "heading"), space + rest) if is_instruction else Text(text, "muted")


def _tell_words(words: Sequence[str]) -> str:
    """A command in exec form, as a Dockerfile writes it."""
    return "[" + ", ".join(f'"{escape_text(word)}"' for word in redact_words(words)) + "]" if words else ""


def _tell_pair(name: str, value: str) -> str:
    return f"{redact_text(name)}={redact_value(name, value)}"


def _tell_health(check: Healthcheck) -> str:
    if check.is_disabled:
        return "NONE"
    times = {
        "interval": check.interval_ns,
        "timeout": check.timeout_ns,
        "start-period": check.start_period_ns,
        "start-interval": check.start_interval_ns,
    }
    options = [f"--{name}={nanoseconds / NANOSECONDS:g}s" for name, nanoseconds in times.items() if nanoseconds]
    retries = [f"--retries={check.retries}"] if check.retries else []
    return " ".join([*options, *retries, _tell_words(check.test)])
