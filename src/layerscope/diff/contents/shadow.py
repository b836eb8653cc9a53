"""The files of passwords, shadow(5) and gshadow(5): what they say, and the days on which it was set; never shown."""

from typing import Final

from layerscope.diff.contents.content_diff import ContentDiff

SHADOW_FILES: Final = frozenset({"etc/shadow", "etc/gshadow"})

_DAY: Final = 2
"""The field of shadow(5) that says when the password was last changed, in days since 1970."""


def compare_shadow(before: bytes, after: bytes) -> ContentDiff:
    """Whether accounts and passwords differ, or only the days: `useradd` writes that of the build."""
    if _drop_days(before) == _drop_days(after):
        return ContentDiff("accounts", remark="the same accounts; days of passwords differ", is_noise=True)
    return ContentDiff("accounts", remark="other accounts or passwords, which are not shown")


def _drop_days(content: bytes) -> list[list[bytes]]:
    rows = [line.split(b":") for line in content.splitlines()]
    return [[b"" if number == _DAY and field.isdigit() else field for number, field in enumerate(row)] for row in rows]
