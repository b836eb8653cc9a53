"""The `requires.txt` of an egg-info: requirements by section, as setuptools writes them.

https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html#requires-txt
"""

from typing import Final

from layerscope.errors import FormatError

LINES_LIMIT: Final = 20_000
"""Lines of the file; the largest seen has some 1,000."""

TEXT_LIMIT: Final = 1_000
"""Characters of one line."""


def parse_egg_requirements(content: bytes) -> tuple[str, ...]:
    """The requirements as a Requires-Dist would say them: a section's extra and marker become part of the marker."""
    lines = content.decode("utf-8", "replace").splitlines()
    if len(lines) > LINES_LIMIT:
        raise FormatError(f"reading a requires.txt: {len(lines):,} lines, limit {LINES_LIMIT:,}")
    requirements, condition = [], ""
    for raw in lines:
        line = raw.strip()[:TEXT_LIMIT]
        if line.startswith("[") and line.endswith("]"):
            condition = _read_section(line[1:-1])
        elif line and not line.startswith("#"):
            requirements.append(_join(line, condition))
    return tuple(requirements)


def _read_section(text: str) -> str:
    """The marker of a section `[EXTRA:MARKER]`, either of which may be absent."""
    extra, _, marker = text.partition(":")
    parts = [f"({marker.strip()})"] if marker.strip() else []
    if extra.strip():
        parts.append(f'extra == "{extra.strip()}"')
    return " and ".join(parts)


def _join(requirement: str, condition: str) -> str:
    """A requirement under one more condition."""
    if not condition:
        return requirement
    text, semicolon, marker = requirement.partition(";")
    return f"{text.strip()} ; ({marker.strip()}) and {condition}" if semicolon else f"{requirement} ; {condition}"
