"""A .pth file is told apart into folders and code."""

from layerscope.formats.pth_file import PATH_LIMIT, PthFile, parse_pth


def test_tells_folders_from_code() -> None:
    """As the site module does: `import` and a blank is run, `#` is a comment."""
    content = b"\xef\xbb\xbf/src/acme\n# no\n\nimport os; os.x()\nimport\tsys\nimportlib_folder\n../other  \n"
    assert parse_pth(content) == PthFile(
        ("/src/acme", "importlib_folder", "../other"), ("import os; os.x()", "import\tsys")
    )


def test_leaves_out_what_no_path_can_be() -> None:
    """Longer than the kernel takes, or with a NUL inside."""
    assert parse_pth(b"a" * (PATH_LIMIT + 1) + b"\nb\0c\n").paths == ()
