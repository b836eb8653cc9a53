"""Files of a project by the names that reports give them."""

from pathlib import Path


def name_source(path: Path) -> str:
    """The file's path in its repository, which is what those who show findings beside lines know it by.

    Without a repository it is the path below the command's folder; the folders of this host are no one's business.
    """
    folder = path.parent.resolve()
    roots = (each for each in (folder, *folder.parents) if (each / ".git").exists())
    root = next(roots, Path.cwd())
    place = folder / path.name
    return place.relative_to(root).as_posix() if place.is_relative_to(root) else place.name
