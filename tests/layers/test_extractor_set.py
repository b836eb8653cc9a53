"""Which files are shown to whom."""

from dataclasses import dataclass, field

from layerscope.layers.extractor import Wants
from layerscope.layers.extractor_set import ExtractorSet


@dataclass(frozen=True)
class Naming:
    """Keeps the path of each file that it is shown."""

    name: str
    wants: Wants = field(default_factory=Wants)
    version: int = 1

    def extract(self, path: str, content: bytes, *, size: int, mode: int) -> object:
        """The path."""
        return path


def show(extractors: ExtractorSet, path: str, content: bytes = b"text") -> bool:
    """Show a file as the layer pass does, and tell whether anyone wanted it."""
    base = path.rpartition("/")[2]
    if not extractors.is_wanted(path, base, content[:2]):
        return False
    watched = extractors.open_file(path, base, content, size=len(content), mode=0o644, position=0)
    assert watched is not None, "what is wanted is watched"
    watched.feed(memoryview(content))
    watched.finish()
    return True


def test_a_suffix_may_be_wanted_in_one_kind_of_folder_alone() -> None:
    """Everywhere else files with it pass unread, unless somebody else wants them."""
    records = Naming("records", Wants(suffixes=frozenset({".json"}), folder="conda-meta"))
    extractors = ExtractorSet([records, Naming("names", Wants(names=frozenset({"package.json"})))])
    assert show(extractors, "opt/conda/conda-meta/numpy-2.1.0.json")
    assert show(extractors, "app/package.json")
    assert not show(extractors, "srv/data/record-1.json")
    assert not show(extractors, "record.json")
    assert not show(extractors, "opt/conda-meta/deeper/record.json")
    assert extractors.extracts == {
        "records": {"opt/conda/conda-meta/numpy-2.1.0.json": "opt/conda/conda-meta/numpy-2.1.0.json"},
        "names": {"app/package.json": "app/package.json"},
    }


def test_two_extractors_may_want_one_suffix_in_different_folders() -> None:
    """Each is shown its own, and one without a folder is shown all."""
    one, two, all_of_them = (
        Naming(name, Wants(suffixes=frozenset({".list"}), folder=folder))
        for name, folder in (("one", "info"), ("two", "lists"), ("all", ""))
    )
    extractors = ExtractorSet([one, two, all_of_them])
    assert all(show(extractors, path) for path in ("a/info/x.list", "a/lists/y.list", "a/z.list"))
    assert {name: sorted(kept) for name, kept in extractors.extracts.items()} == {
        "one": ["a/info/x.list"],
        "two": ["a/lists/y.list"],
        "all": ["a/info/x.list", "a/lists/y.list", "a/z.list"],
    }
