"""What came from the build cache is built again by the name of its stage."""

from layerscope.fixes.dockerfile.rebuild import RebuildAdvice, advise_rebuilds
from support.dockerfiles import found_in, match

TEXT = """\
FROM base AS System
RUN apt-get update
FROM base AS build
RUN make
FROM system
COPY --from=build /out /out
RUN apt-get install -y curl
"""
STEPS = (
    "ADD rootfs.tar / # buildkit",
    "RUN /bin/sh -c apt-get update # buildkit",
    "COPY /out /out # buildkit",
    "RUN /bin/sh -c apt-get install -y curl # buildkit",
)


def test_the_stage_of_the_older_step_is_named() -> None:
    """The lists are of a stage that the target starts from."""
    (advice,) = advise_rebuilds((found_in("LAY202", 3, 1),), match(TEXT, *STEPS))
    assert advice == RebuildAdvice(
        "LAY202",
        ("--no-cache-filter", "system"),
        "line 2 (layer 1) came from the build cache, in stage system",
    )


def test_what_is_copied_from_a_stage_is_made_there() -> None:
    """That stage is built again, and the one below."""
    (advice,) = advise_rebuilds((found_in("LAY201", 1, 2, 3),), match(TEXT, *STEPS))
    assert advice.flags == ("--no-cache-filter", "system,build")


def test_a_stage_without_a_name_is_told_to_get_one() -> None:
    """Until then, nothing but the whole can be built again."""
    steps = ("RUN /bin/sh -c one # buildkit", "RUN /bin/sh -c two # buildkit")
    (advice,) = advise_rebuilds((found_in("LAY201", 0, 1),), match("FROM base\nRUN one\nRUN two\n", *steps))
    assert advice.flags == ("--no-cache",)
    assert advice.reason.endswith("the stage of line 1 has no name that a filter could take: add AS NAME")


def test_a_base_image_is_pulled() -> None:
    """No stage makes its layers; a tag that moves is asked for by --pull alone."""
    matched = match(TEXT, *STEPS)
    old, floating = advise_rebuilds((found_in("LAY202", 3, 0), found_in("LAY203")), matched)
    assert (old.flags, old.reason) == (
        ("--pull",),
        "layer 0 is of the base image: no stage of this Dockerfile makes it anew",
    )
    assert floating.reason == "line 1 names its base image by a tag that moves: only --pull asks for what it is now"


def test_a_file_that_a_step_left_cut_off_is_made_anew() -> None:
    """The cache would give it again; by the stage that it was copied from, too."""
    matched = match(TEXT, *STEPS)
    (made,) = advise_rebuilds((found_in("ELF022", 2),), matched)
    assert made.flags == ("--no-cache-filter", "build")
    assert made.reason == "line 6 (layer 2) left a file cut off, and the build cache keeps it, in stage build"


def test_a_file_that_is_cut_off_where_it_is_copied_from_is_not() -> None:
    """A build without any cache copies it as it is, and the base image has the same digest."""
    matched = match("FROM base AS app\nCOPY lib.so /lib/\n", "ADD rootfs.tar /", "COPY lib.so /lib/ # buildkit")
    assert advise_rebuilds((found_in("ELF022", 0), found_in("ELF022", 1)), matched) == ()


def test_other_findings_ask_for_no_rebuild() -> None:
    """--no-cache is no charm."""
    assert advise_rebuilds((found_in("LAY101", 1, 3),), match(TEXT, *STEPS)) == ()
