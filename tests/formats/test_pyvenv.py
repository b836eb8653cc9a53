"""pyvenv.cfg tells on which Python a virtual environment stands."""

import pytest

from layerscope.formats.pyvenv import PyVenv, parse_pyvenv


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            b"home = /usr/local/bin\ninclude-system-site-packages = false\nversion = 3.11.9\n",
            PyVenv("/usr/local/bin", "3.11.9", sees_system=False),
        ),
        (
            b"home=/usr/bin\nversion_info = 3.12.3.final.0\nInclude-System-Site-Packages = TRUE\nnonsense\n",
            PyVenv("/usr/bin", "3.12.3.final.0", sees_system=True),
        ),
        (b"\xff\xfe", PyVenv("", "", sees_system=False)),
    ],
    ids=["venv", "virtualenv", "garbage"],
)
def test_reads_what_each_tool_writes(content: bytes, expected: PyVenv) -> None:
    """Venv and virtualenv spell the version differently."""
    assert parse_pyvenv(content) == expected
