"""Tables that no runtime could use, and layers that are told from their tables."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from layerscope.layers.limits import Limits
from layerscope.layers.reading import Reading, read_layer
from layerscope.layers.scan import Proof
from layerscope.layers.toc import document
from layerscope.layers.toc.scan import TableElsewhereError, compare_layer, list_layer_claims, scan_by_table
from support.built_image import digest_of
from support.table_layers import Entries, TableLayer, make_layer, write_chunked, write_estargz, write_footer
from support.tar_writer import file, symlink

MEMBERS = (file("a", b"content"), symlink("b", "a"))
STARGZ = "containerd.io/snapshot/stargz/toc.digest"
POSITION = "io.github.containers.zstd-chunked.manifest-position"
CHECKSUM = "io.github.containers.zstd-chunked.manifest-checksum"


def annotate(written: TableLayer, **annotations: str) -> TableLayer:
    """The layer with other words in the manifest, by the ends of their names."""
    changed = dict(written.annotations)
    for name, value in annotations.items():
        key = next(key for key in changed if key.endswith(name))
        changed[key] = value
    return replace(written, annotations=changed)


def break_json(entries: Entries) -> None:
    """An entry whose size is a text."""
    entries.append({"name": "c", "type": "reg", "size": "many"})


def tell_problem(written: TableLayer, limits: Limits | None = None) -> str:
    """Why the layer's one table cannot be used."""
    layer = make_layer(written)
    scan = read_layer(layer.open(), "layer", Reading())
    claim, *_ = list_layer_claims(layer, scan)
    table = compare_layer(layer, scan, claim, limits or Limits())
    assert table.problem is not None
    assert scan_by_table(layer, limits or Limits()) is None
    return table.problem


def add(**entry: object) -> Callable[[Entries], None]:
    """Adds an entry to a table."""
    return lambda entries: entries.append(entry)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (annotate(write_estargz(MEMBERS), digest=digest_of(b"other")), "the manifest names sha256:"),
        (annotate(write_chunked(MEMBERS), checksum=digest_of(b"other")), "the manifest names sha256:"),
        (annotate(write_chunked(MEMBERS), position="0:999999:10:1"), "beyond the blob"),
        (annotate(write_chunked(MEMBERS), position="5:20:10:1"), "the manifest names sha256:"),
        (write_estargz(MEMBERS, break_json), "not the JSON of one"),
        (write_chunked(MEMBERS, add(name="../../etc/passwd", type="reg")), "no path inside the layer"),
        (write_chunked(MEMBERS, add(name="c", type="socket")), "is of type 'socket'"),
        (write_chunked(MEMBERS, add(name="c", type="reg", digest="md5:00")), "expected SHA-256"),
        (write_chunked(MEMBERS, add(name="c", type="reg", xattrs={"user.a": "?"})), "not base64"),
        (write_chunked(MEMBERS, add(name="c", type="reg", size=-1)), "out of range"),
        (write_chunked(MEMBERS, add(name="c", type="reg", uid=-1)), "out of range"),
    ],
)
def test_a_table_that_no_runtime_could_use_is_told(written: TableLayer, words: str) -> None:
    """With what is wrong about it; nor is the layer told from it."""
    assert words in tell_problem(written)


def test_a_blob_without_a_footer_has_no_table() -> None:
    """Although the manifest says that there is one."""
    written = write_estargz(MEMBERS)
    cut = replace(written, stored=written.stored[:-51])
    assert tell_problem(cut) == "the blob's end does not say where it lies"


@pytest.mark.parametrize("offset", [0, 1, 1 << 60])
def test_a_footer_that_leads_elsewhere_is_told(offset: int) -> None:
    """To a file, into the middle of one, and beyond the blob."""
    written = write_estargz(MEMBERS)
    stored = written.stored[:-51] + write_footer(offset)
    assert tell_problem(replace(written, stored=stored))


def test_a_table_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """In entries, and in bytes once it is unpacked."""
    many = write_chunked([file(f"f{number}", b"") for number in range(100)])
    assert "more than 50 entries" in tell_problem(many, Limits(layer_entries=50))
    monkeypatch.setattr(document, "MAX_TABLE", 1000)
    assert "more than 1,000 bytes" in tell_problem(many)


def test_a_table_of_nothing_but_objects_is_not_read() -> None:
    """Each takes two bytes to write and two hundred to hold."""
    assert "too many to be entries" in tell_problem(write_chunked(MEMBERS, lambda entries: entries.extend([{}] * 5000)))


def test_a_table_of_unknown_members_has_fewer_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has to be read another way."""
    monkeypatch.setattr(document, "MOST_FOLDED", 10)
    many = write_chunked([file(f"f{number}", b"") for number in range(10)], lambda entries: entries[0].update(New=1))
    assert "members that are not known" in tell_problem(many)


@pytest.mark.parametrize("write", [write_estargz, write_chunked])
def test_a_layer_is_told_from_its_table(write: Callable[..., TableLayer]) -> None:
    """Its entries are those of its tar, nothing of it is proved, and no more than the table was fetched."""
    layer = make_layer(write(MEMBERS))
    scan = scan_by_table(layer, Limits())
    assert scan is not None
    assert (scan.proof, scan.diff_id, scan.blob, scan.damage) == (Proof.TABLE, None, None, None)
    assert scan.index.paths == ["a", "b"]
    assert scan.index[0].digest == bytes.fromhex(digest_of(b"content").partition(":")[2])
    assert scan.index[1].link == "a"
    assert layer.opened == []


def test_a_table_that_no_manifest_names_is_compared_but_tells_no_layer() -> None:
    """Only the blob's own end leads to it, so that nothing vouches for it."""
    written = replace(write_estargz(MEMBERS, lambda entries: entries.pop()), annotations={})
    layer = make_layer(written)
    assert scan_by_table(layer, Limits()) is None
    scan = read_layer(layer.open(), "layer", Reading())
    [claim] = list_layer_claims(layer, scan)
    table = compare_layer(layer, scan, claim, Limits())
    assert not table.is_named
    assert [each.path for each in table.differences] == ["/b"]


def test_a_layer_without_a_table_has_no_claims() -> None:
    """Neither its annotations nor its end name one."""
    written = write_estargz(MEMBERS)
    layer = make_layer(replace(written, annotations={}, stored=written.stored[:-51]))
    assert list_layer_claims(layer, read_layer(layer.open(), "layer", Reading())) == ()


@pytest.mark.parametrize("position", ["1:2:3:2", "1:2:3:1 ", "+1:2:3:1", " 1:2:3:1", "1:2:3:1:9", "", "1:2:3"])
def test_annotations_that_runtimes_read_in_different_ways_are_told(position: str) -> None:
    """A lenient one finds a table where a strict one finds none."""
    written = write_chunked(MEMBERS)
    odd = replace(written, annotations={**written.annotations, POSITION: position})
    assert "the annotation io.github.containers.zstd-chunked.manifest-position is" in tell_problem(odd)


def test_a_digest_that_is_none_is_told() -> None:
    """Nobody can hold the table against it."""
    odd = replace(write_estargz(MEMBERS), annotations={STARGZ: "nonsense"})
    assert "toc.digest is 'nonsense'" in tell_problem(odd)


def test_a_table_in_an_image_of_its_own_is_not_looked_for() -> None:
    """And that is no fault of the layer: the comparison is not made, and the layer is read."""
    written = write_estargz(MEMBERS)
    footer = b"\x1f\x8b\x08\x04" + bytes(5) + b"\xff\x15\x00SG\x11\x00STARGZEXTERNALTOC\x01\x00\x00\xff\xff" + bytes(8)
    layer = make_layer(replace(written, stored=written.stored[:-51] + footer))
    scan = read_layer(layer.open(), "layer", Reading())
    assert scan.damage is None
    [claim] = list_layer_claims(layer, scan)
    with pytest.raises(TableElsewhereError):
        compare_layer(layer, scan, claim, Limits())
    assert scan_by_table(layer, Limits()) is None


def test_a_table_that_only_the_blobs_end_leads_to_is_compared_too() -> None:
    """The manifest names a true one, and who does not look there finds another."""
    written, lying = write_chunked(MEMBERS), write_chunked(MEMBERS, lambda entries: entries.pop())
    packed = lying.stored[int(lying.annotations[POSITION].partition(":")[0]) - 8 : -80]
    ending = lying.stored[-72:]
    offset = (len(written.stored) + 8).to_bytes(8, "little")
    stored = written.stored + packed + ending[:8] + offset + ending[16:]
    layer = make_layer(replace(written, stored=stored))
    scan = read_layer(layer.open(), "layer", Reading())
    first, second = (compare_layer(layer, scan, claim, Limits()) for claim in list_layer_claims(layer, scan))
    assert (first.is_named, first.problem, first.count) == (True, None, 0)
    assert (second.is_named, second.problem, [each.path for each in second.differences]) == (False, None, ["/b"])


def test_annotations_of_either_name_are_believed() -> None:
    """Earlier runtimes read the one, later ones the other."""
    true, lying = write_chunked(MEMBERS, older=True), write_chunked(MEMBERS, lambda entries: entries.pop())
    both = replace(lying, annotations={**true.annotations, **lying.annotations})
    assert len(list_layer_claims(make_layer(both))) == 2


def test_the_footer_of_before_is_understood() -> None:
    """The stargz of before had no subfield in its extra field, and is still read."""
    written = write_estargz(MEMBERS, lambda entries: entries.pop())
    footer = written.stored[-51:]
    older = footer[:10] + (22).to_bytes(2, "little") + footer[16:]
    layer = make_layer(replace(written, stored=written.stored[:-51] + older))
    scan = read_layer(layer.open(), "layer", Reading())
    assert scan.damage is None
    [table] = [compare_layer(layer, scan, claim, Limits()) for claim in list_layer_claims(layer, scan)]
    assert [each.path for each in table.differences] == ["/b"]
