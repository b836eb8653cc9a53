"""The head of the page: the verdict in a few lines, and which image this is."""

from collections import Counter
from collections.abc import Iterator

from layerscope.audit.result import AuditResult
from layerscope.diff.packages import list_packages
from layerscope.image.config import RuntimeConfig
from layerscope.report.html.markup import Markup, element, join, write_fields, write_line, write_section, write_text
from layerscope.report.json_parts import build_process
from layerscope.report.places import tell_reference
from layerscope.report.terminal.page import Page
from layerscope.report.terminal.stack_line import tell_stack
from layerscope.report.terminal.verdict import list_measures, list_verdicts
from layerscope.report.units import format_time
from layerscope.rules.wording import tell_count


def write_verdicts(result: AuditResult, page: Page) -> Markup:
    """A line on the bytes, on GPUs, on the probe, and on what was found."""
    lines = []
    for (word, style), *parts in list_verdicts(page, result):
        label = element("strong", write_line(word.rstrip()), class_=style)
        lines.append(element("li", label, Markup(" "), *map(_write_part, parts)))
    return element("ul", *lines, class_="verdict")


def _write_part(part: str | tuple[str, str]) -> Markup:
    """Words of the verdict, in their colour where they have one; what only keeps others apart stays wide."""
    if isinstance(part, tuple):
        return element("span", write_line(part[0]), class_=part[1])
    return write_line(part) if part.strip() else Markup(" &nbsp; ")


def write_image(result: AuditResult, page: Page) -> Markup:
    """Name, platform, digests, stack, sizes, base, how it was read, and how its process starts."""
    rows = [*_iter_identity(result), *_iter_measures(result, page), *_iter_process(result.image.config.runtime)]
    counts = Counter(str(key.kind) for key in list_packages(result.facts))
    if counts:
        told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items()))
        rows.append(("packages", write_line(told)))
    return write_section("Image", write_fields(rows), name="image")


def _iter_identity(result: AuditResult) -> Iterator[tuple[str, Markup]]:
    image = result.image
    yield "image", element("code", write_line(tell_reference(image.reference)))
    created = f", created {format_time(image.config.created)}" if image.config.created else ""
    yield "platform", write_line(f"{image.config.platform}{created}")
    digests = {"index": image.index_digest, "manifest": image.manifest_digest, "config": image.config_digest}
    for name, digest in digests.items():
        if digest is not None:
            yield f"{name} digest", element("code", write_text(str(digest)))


def _iter_measures(result: AuditResult, page: Page) -> Iterator[tuple[str, Markup]]:
    if stack := tell_stack(page, result):
        yield "stack", write_line(stack)
    yield from ((name, write_line(str(told))) for name, told in list_measures(page, result))


def _iter_process(runtime: RuntimeConfig) -> Iterator[tuple[str, Markup]]:
    """How the process starts, without credentials."""
    process = build_process(runtime)
    lists = {"entrypoint": process.entrypoint, "command": process.command, "ports": process.exposed_ports}
    for name, words in lists.items():
        if words:
            yield name, join(*(element("code", write_line(word), Markup(" ")) for word in words))
    yield "user", element("code", write_line(process.user)) if process.user else write_line("root (none is named)")
    if process.working_dir:
        yield "folder", element("code", write_line(process.working_dir))
    if process.environment:
        lines = [
            element("li", element("code", write_line(f"{each.name}={each.value}"))) for each in process.environment
        ]
        summary = element("summary", write_line(tell_count(len(lines), "variable")))
        yield "environment", element("details", summary, element("ul", *lines))
