"""Paths of the image as text: normalised, without a slash at either end."""


def is_within(path: str, top: str) -> bool:
    """Whether a path is another one or lies below it; all lie below the root, which is empty."""
    return not top or path == top or path.startswith(top + "/")
