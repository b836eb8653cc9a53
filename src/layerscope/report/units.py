"""Shares and times for people; sizes and counts are worded as the rules word them."""

from datetime import UTC, datetime

from layerscope.report.theme import Symbols


def format_share(part: int, whole: int) -> str:
    """Return a part as a percentage of the whole; nothing of nothing is none."""
    return f"{100 * part / whole:.1f}%" if whole else "0.0%"


def mark_sum(text: str, symbols: Symbols, *, is_whole: bool) -> str:
    """Return a sum as told, marked as a lower bound where it lacks what could not be read."""
    return text if is_whole else f"{symbols.at_least}{text}"


def format_time(moment: datetime) -> str:
    """Return a moment in UTC to the minute, the same on every host."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
