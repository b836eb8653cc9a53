"""Distributions are held against their RECORD."""

from layerscope.facts.python.integrity import DamagedDistribution, IntegrityCollector
from support.contexts import collect, collect_one, make_context
from support.python_files import SITE, distribution, interpreter
from support.tar_member import TarMember, file, symlink, whiteout

FILES = {
    "acme/__init__.py": b"1",
    "acme/_c.so": b"2",
    "acme/tests/test_a.py": b"3",
    "acme/data.txt": b"4",
    "acme/__pycache__/a.pyc": b"5",
    "../../../bin/acme": b"6",
}


def damage(*changes: TarMember) -> tuple[DamagedDistribution, ...]:
    """What a layer with these changes does to a distribution."""
    installed = [*interpreter(), *distribution("acme", files=FILES)]
    context = make_context(installed, changes, steps=["RUN pip install acme", "RUN clean"])
    return collect(IntegrityCollector, context).of(DamagedDistribution)


def test_an_installation_left_alone_is_whole() -> None:
    """Nothing is told."""
    assert damage() == ()


def test_tells_missing_code_and_who_removed_it() -> None:
    """Tests and data are counted, and come after it."""
    paths = ("acme/tests/test_a.py", "acme/_c.so", "acme/data.txt")
    (found,) = damage(*(whiteout(f"{SITE}/{path}") for path in paths))
    assert (found.missing, found.missing_code, found.missing_examples[0]) == (3, 1, f"{SITE}/acme/_c.so")
    assert (found.missing_by, found.missing_instruction) == (1, "RUN clean")
    assert (found.evidence.layer, found.evidence.path) == (1, f"{SITE}/acme/_c.so")


def test_tells_altered_code_and_who_wrote_it() -> None:
    """By the digest."""
    (found,) = damage(file(f"{SITE}/acme/__init__.py", b"x"), file(f"{SITE}/acme/data.txt", b"x"))
    assert (found.altered, found.altered_code, found.altered_examples[0]) == (2, 1, f"{SITE}/acme/__init__.py")
    assert (found.altered_by, found.missing) == (1, 0)


def test_byte_code_and_programs_elsewhere_do_not_count() -> None:
    """A copied site directory has no `bin`, and byte-code is made anew."""
    assert damage(whiteout("usr/local/bin/acme"), file(f"{SITE}/acme/__pycache__/a.pyc", b"x")) == ()


def test_what_another_distribution_overwrote_is_not_damage() -> None:
    """It is a quarrel of the two."""
    assert damage(*distribution("other", files={"acme/__init__.py": b"x"})) == ()


def test_a_link_to_the_same_content_is_whole() -> None:
    """Tools that save space link files to one another."""
    assert damage(symlink(f"{SITE}/acme/__init__.py", "/opt/store/1"), file("opt/store/1", b"1")) == ()


def test_two_versions_of_one_name_are_left_alone() -> None:
    """One of them is out of date, which is told elsewhere."""
    newer = distribution("acme", "2.0", files={"acme/__init__.py": b"new"})
    context = make_context([*interpreter(), *distribution("acme", files=FILES)], newer)
    assert collect(IntegrityCollector, context).of(DamagedDistribution) == ()


def test_what_the_system_installed_is_left_alone() -> None:
    """Debian strips its modules after RECORD was written."""
    site = "usr/lib/python3/dist-packages"
    installed = distribution("acme", files=FILES, site=site, installer="debian")
    context = make_context([*interpreter("usr"), *installed], [file(f"{site}/acme/_c.so", b"stripped")])
    assert collect(IntegrityCollector, context).of(DamagedDistribution) == ()


def test_names_that_are_not_text_can_be_kept() -> None:
    """The cache of facts holds UTF-8 alone."""
    installed = [*interpreter(), *distribution("acme")[:-1], file(f"{SITE}/acme-1.0.dist-info/RECORD", b"\xff.py,,1\n")]
    found = collect_one(IntegrityCollector, make_context(installed), DamagedDistribution)
    assert found.missing_examples == (f"{SITE}/\ufffd.py",)
