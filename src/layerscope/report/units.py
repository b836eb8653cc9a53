"""Shares and times for people; sizes and counts are worded as the rules word them."""

from datetime import UTC, datetime


def format_share(part: int, whole: int) -> str:
    """Return a part as a percentage of the whole; nothing of nothing is none."""
    return f"{100 * part / whole:.1f}%" if whole else "0.0%"


def format_time(moment: datetime) -> str:
    """Return a moment in UTC to the minute, the same on every host."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
