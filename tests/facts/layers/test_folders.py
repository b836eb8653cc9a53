"""Many files are told as a few folders."""

from layerscope.facts.layers.folders import SHOWN_FOLDERS, FileList, Folder, group_by_folder


def test_groups_below_what_all_share() -> None:
    """Two components below the common folder, most bytes first."""
    files = FileList(
        3,
        ["usr/lib/torch/lib/libtorch.so", "usr/lib/torch/lib/deep/er/libc10.so", "usr/lib/numpy/core.so"],
        [50, 20, 30],
    )
    assert group_by_folder([files]) == (
        Folder(3, "usr/lib/torch/lib", 2, 70),
        Folder(3, "usr/lib/numpy", 1, 30),
    )


def test_keeps_layers_apart() -> None:
    """The same folder of two layers is two places."""
    lists = [FileList(0, ["a/x"], [1]), FileList(1, ["a/y"], [2])]
    assert group_by_folder(lists) == (Folder(1, "a", 1, 2), Folder(0, "a", 1, 1))


def test_files_of_the_root_lie_in_the_root() -> None:
    """Its path is empty."""
    assert group_by_folder([FileList(0, ["x", "y"], [1, 1])]) == (Folder(0, "", 2, 2),)


def test_names_no_more_than_a_reader_reads() -> None:
    """The largest are kept, ties by path."""
    paths = [f"a{number:02}/b/c" for number in range(SHOWN_FOLDERS + 3)]
    folders = group_by_folder([FileList(0, paths, [1] * len(paths))])
    assert [folder.path for folder in folders] == [f"a{number:02}/b" for number in range(SHOWN_FOLDERS)]


def test_takes_larger_folders_rather_than_leave_many_out() -> None:
    """One component below what all share, where two make too many groups."""
    paths = [f"usr/share/{kind}/p{number}/f" for kind in ("doc", "man") for number in range(SHOWN_FOLDERS)]
    folders = group_by_folder([FileList(0, paths, [1] * len(paths))])
    assert folders == (Folder(0, "usr/share/doc", 20, 20), Folder(0, "usr/share/man", 20, 20))


def test_does_not_take_the_top_of_the_tree() -> None:
    """`usr` says nothing."""
    paths = [f"{top}/p{number:02}/f" for top in ("opt", "usr") for number in range(SHOWN_FOLDERS)]
    assert group_by_folder([FileList(0, paths, [1] * len(paths))])[0].path == "opt/p00"


def test_nothing_has_no_folders() -> None:
    """An empty list is no error."""
    assert group_by_folder([]) == ()
