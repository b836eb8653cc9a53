"""The requirements of an egg-info are told as those of a dist-info."""

import pytest

from layerscope.errors import FormatError
from layerscope.formats.egg_info import LINES_LIMIT, parse_egg_requirements


def test_turns_sections_into_markers() -> None:
    """A section names an extra, a marker, or both."""
    content = b"six\n\n[:python_version < '3']\nenum34\n\n[gpu]\ntorch>=2\n\n[gpu:os_name == 'nt']\nx ; a > 'b'\n"
    assert parse_egg_requirements(content) == (
        "six",
        "enum34 ; (python_version < '3')",
        'torch>=2 ; extra == "gpu"',
        "x ; (a > 'b') and (os_name == 'nt') and extra == \"gpu\"",
    )


def test_refuses_more_lines_than_any_has() -> None:
    """Each would be judged."""
    with pytest.raises(FormatError, match="20,001 lines"):
        parse_egg_requirements(b"a\n" * (LINES_LIMIT + 1))
