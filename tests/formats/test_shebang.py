"""Shebang lines are read as the kernel and env(1) read them."""

import pytest

from layerscope.formats.shebang import LINE_LIMIT, Shebang, first_line, parse_shebang


@pytest.mark.parametrize(
    ("line", "interpreter", "argument"),
    [
        ("#!/bin/sh", "/bin/sh", ""),
        ("#! /bin/sh -e", "/bin/sh", "-e"),
        ("#!/usr/bin/env python3 -u", "/usr/bin/env", "python3 -u"),
        ("#!\t/bin/sh\t-e", "/bin/sh", "-e"),
    ],
)
def test_splits_once_after_the_interpreter(line: str, interpreter: str, argument: str) -> None:
    """All that follows is one argument."""
    assert parse_shebang(line) == Shebang(interpreter, argument, has_carriage_return=False)


@pytest.mark.parametrize("line", ["", "#!", "#! \r", "echo hello", " #!/bin/sh"])
def test_names_no_interpreter(line: str) -> None:
    """Then the kernel refuses the file."""
    assert parse_shebang(line) is None


def test_notes_a_carriage_return() -> None:
    """It is no part of the name here, but the kernel takes it for one."""
    shebang = parse_shebang("#!/bin/bash\r")
    assert shebang == Shebang("/bin/bash", "", has_carriage_return=True)


@pytest.mark.parametrize(
    ("line", "program", "options"),
    [
        ("#!/usr/bin/python3 -u", "/usr/bin/python3", ("-u",)),
        ("#!/usr/bin/env python3", "python3", ()),
        ("#!/usr/bin/env -S python3 -u -O", "python3", ("-u", "-O")),
        ("#!/usr/bin/env -S LANG=C node", "node", ()),
        ("#!/usr/bin/env", "/usr/bin/env", ()),
    ],
)
def test_looks_through_env(line: str, program: str, options: tuple[str, ...]) -> None:
    """Options and assignments come before the program."""
    shebang = parse_shebang(line)
    assert shebang is not None
    assert (shebang.program, shebang.options) == (program, options)


def test_takes_the_first_line_only_and_no_more_than_the_kernel() -> None:
    """Bytes that are not UTF-8 survive."""
    assert first_line(b"#!/bin/sh\r\necho") == "#!/bin/sh\r"
    assert first_line(b"#!/opt/\xff") == "#!/opt/\udcff"
    assert len(first_line(b"#" * 1000)) == LINE_LIMIT
