"""Distributions that write the same files are told in pairs."""

import re

from layerscope.facts.python.overlaps import Overlap, OverlapCollector
from support.contexts import collect, collect_one, make_context
from support.python_files import SITE, distribution, interpreter
from support.tar_member import TarMember, file

FILES = {"cv2/cv2.abi3.so": b"1", "cv2/tests/a.py": b"2", "cv2/same.py": b"3"}


def without_digests(member: TarMember) -> TarMember:
    """A RECORD whose rows name files alone."""
    if not member.name.endswith("/RECORD"):
        return member
    return file(member.name, re.sub(rb",sha256=[^,]*,\d*", b",,", member.content))


def test_tells_the_pair_and_who_won() -> None:
    """Equal files do not count; the later layer has overwritten the earlier."""
    ours = distribution("opencv-python", "4.9", files=FILES)
    theirs = distribution(
        "opencv-python-headless", "4.8", files={**FILES, "cv2/cv2.abi3.so": b"x", "cv2/tests/a.py": b"y"}
    )
    context = make_context(interpreter(), ours, theirs, steps=["RUN a", "RUN b", "RUN c"])
    found = collect_one(OverlapCollector, context, Overlap)
    assert found.keys == ("opencv-python", "opencv-python-headless")
    assert (found.shared, found.shared_code, found.examples[0]) == (2, 1, f"{SITE}/cv2/cv2.abi3.so")
    assert (found.kept, found.package, found.layer, found.instruction) == ("opencv-python-headless", "cv2", 2, "RUN c")


def test_equal_files_are_no_overlap() -> None:
    """Namespace packages repeat an empty file."""
    files = {"nvidia/__init__.py": b""}
    context = make_context(interpreter(), distribution("a", files=files), distribution("b", files=files))
    assert collect(OverlapCollector, context).of(Overlap) == ()


def test_two_versions_of_one_name_are_no_pair() -> None:
    """That is another matter."""
    context = make_context(
        interpreter(), distribution("a", files={"a.py": b"1"}), distribution("a", "2.0", files={"a.py": b"2"})
    )
    assert collect(OverlapCollector, context).of(Overlap) == ()


def test_twins_are_a_pair_without_digests_too() -> None:
    """The table knows that they hold one package; of strangers nothing is known."""
    records = {}
    for name in ("opencv-python", "opencv-python-headless", "stranger"):
        files = distribution(name, "4.9", files={"cv2/a.py": b"1"})
        records[name] = [without_digests(item) for item in files]
    ours, theirs, stranger = records.values()
    found = collect_one(OverlapCollector, make_context(interpreter(), ours, theirs), Overlap)
    assert (found.package, found.shared, found.kept) == ("cv2", 0, "")
    assert found.evidence.path == f"{SITE}/cv2/a.py"
    assert collect(OverlapCollector, make_context(interpreter(), ours, stranger)).of(Overlap) == ()
