"""The layer cache as a person or a program reads of it."""

from layerscope.layers.cache_usage import CacheUsage, PruneResult, VerifyResult
from layerscope.report.columns import align_rows
from layerscope.report.context import RenderContext
from layerscope.report.escape import escape_text
from layerscope.report.json_parts import head_document
from layerscope.report.json_text import encode_json
from layerscope.report.theme import choose_symbols
from layerscope.report.units import format_time
from layerscope.rules.wording import tell_count, tell_size


def render_usage_text(usage: CacheUsage, context: RenderContext) -> str:
    """What the cache holds, by kind."""
    dash = choose_symbols(unicode=context.unicode).dash
    rows = [("", "entries", "size")]
    rows += [(kind.kind, f"{kind.entries:,}", tell_size(kind.size)) for kind in usage.kinds]
    rows.append(("total", f"{usage.entries:,}", tell_size(usage.size)))
    used = format_time(usage.least_recently_used) if usage.least_recently_used else dash
    lines = [
        f"cache at {escape_text(str(usage.root))}{'' if usage.is_there else ', where nothing is yet'}",
        "",
        *align_rows(rows, "lrr"),
        "",
        f"least recently used {used}",
    ]
    return "\n".join(lines) + "\n"


def render_usage_json(usage: CacheUsage) -> str:
    """The same for a program."""
    return encode_json(
        {
            **head_document(),
            "root": str(usage.root),
            "entries": usage.entries,
            "size": usage.size,
            "kinds": [{"kind": kind.kind, "entries": kind.entries, "size": kind.size} for kind in usage.kinds],
            "least_recently_used": usage.least_recently_used,
        }
    )


def render_prune_text(result: PruneResult) -> str:
    """What was removed and what is left."""
    return (
        f"removed {tell_count(result.removed, 'entry', 'entries')}, {tell_size(result.freed)}; "
        f"kept {tell_count(result.kept, 'entry', 'entries')}, {tell_size(result.kept_size)}\n"
    )


def render_prune_json(result: PruneResult) -> str:
    """The same for a program."""
    return encode_json(
        {
            **head_document(),
            "removed": result.removed,
            "freed": result.freed,
            "kept": result.kept,
            "kept_size": result.kept_size,
        }
    )


def render_verify_text(result: VerifyResult) -> str:
    """How much was read, and which entries were damaged."""
    read = f"read {tell_count(result.checked, 'entry', 'entries')}, {tell_size(result.size)}"
    if not result.damaged:
        return f"{read}; all are intact\n"
    lines = [f"{read}; {tell_count(len(result.damaged), 'was', 'were')} damaged and removed:"]
    return "\n".join([*lines, *(f"  {escape_text(name)}" for name in result.damaged)]) + "\n"


def render_verify_json(result: VerifyResult) -> str:
    """The same for a program."""
    return encode_json(
        {**head_document(), "checked": result.checked, "size": result.size, "damaged": list(result.damaged)}
    )
