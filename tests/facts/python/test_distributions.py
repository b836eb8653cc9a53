"""Distributions are told as their own metadata tells them."""

from layerscope.facts.python.distributions import Distribution, DistributionCollector
from support.contexts import collect, collect_gaps, collect_one, make_context
from support.python_files import SITE, distribution, interpreter
from support.tar_member import file, whiteout


def test_tells_name_version_tags_and_origin() -> None:
    """The layer is that of the metadata."""
    metadata = "Requires-Dist: numpy<2\nRequires-Python: >=3.9"
    layer = distribution("Acme.Tool", "1.2", tags=("cp311-cp311-linux_x86_64",), metadata=metadata)
    folder = f"{SITE}/Acme.Tool-1.2.dist-info"
    layer += [
        file(f"{folder}/direct_url.json", b'{"url": "file:///src", "dir_info": {"editable": true}}'),
        file(f"{folder}/entry_points.txt", b"[console_scripts]\ntool = acme:main\n"),
    ]
    context = make_context(interpreter(), layer, steps=["RUN build-python", "RUN pip install -e ."])
    found = collect_one(DistributionCollector, context, Distribution)
    assert (found.name, found.key, found.version, found.layer) == ("Acme.Tool", "acme-tool", "1.2", 1)
    assert (found.tags, found.requires, found.requires_python) == (
        ("cp311-cp311-linux_x86_64",),
        ("numpy<2",),
        ">=3.9",
    )
    assert (found.installer, found.url, found.is_editable, found.commands) == ("pip", "file:///src", True, ("tool",))
    assert (found.environment, found.site, found.files) == ("usr/local/bin/python3.11", SITE, 5)
    assert found.instruction == "RUN pip install -e ."


def test_reads_eggs_of_each_kind() -> None:
    """A folder with PKG-INFO, a single file, and what is zipped no more."""
    layer = [
        file(f"{SITE}/one-1.egg-info/PKG-INFO", b"Name: one\nVersion: 1\n"),
        file(f"{SITE}/one-1.egg-info/requires.txt", b"six\n"),
        file(f"{SITE}/two-2.egg-info", b"Name: two\nVersion: 2\n"),
        file(f"{SITE}/three-3-py3.11.egg/EGG-INFO/PKG-INFO", b"Name: three\nVersion: 3\n"),
    ]
    found = collect(DistributionCollector, make_context(interpreter(), layer)).of(Distribution)
    assert [(each.name, each.version, each.requires) for each in found] == [
        ("one", "1", ("six",)),
        ("three", "3", ()),
        ("two", "2", ()),
    ]


def test_a_remnant_is_told_by_its_folder() -> None:
    """METADATA is gone, the rest is there; what pip left behind as `~name` is none."""
    gone = [whiteout(f"{SITE}/acme-1.0.dist-info/METADATA"), file(f"{SITE}/~umpy-1.0.dist-info/METADATA", b"")]
    context = make_context(interpreter(), distribution("acme"), gone)
    found = collect_one(DistributionCollector, context, Distribution)
    assert (found.name, found.version, found.has_metadata) == ("acme", "1.0", False)


def test_what_packages_carry_along_is_not_installed() -> None:
    """Setuptools vendors distributions with their descriptions."""
    vendored = distribution("packaging", site=f"{SITE}/setuptools/_vendor")
    assert collect(DistributionCollector, make_context(interpreter(), vendored)).of(Distribution) == ()


def test_a_description_that_does_not_parse_is_a_gap() -> None:
    """With its path."""
    layer = [*distribution("acme")[:2], file(f"{SITE}/acme-1.0.dist-info/WHEEL", b"Tag: nonsense\n")]
    (gap,) = collect_gaps(DistributionCollector, make_context(interpreter(), layer))
    assert gap.where == f"/{SITE}/acme-1.0.dist-info/WHEEL"
    assert "PYTHON-ABI-PLATFORM" in gap.why
