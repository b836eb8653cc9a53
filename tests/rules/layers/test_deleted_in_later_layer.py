"""LAY101 deleted-in-later-layer: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.layers.folders import Folder
from layerscope.facts.layers.origins import Maker, Origin
from layerscope.rules.ended_files import SQUASH
from layerscope.rules.layers.deleted_in_later_layer import DeletedInLaterLayer
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import MB, ended, weight


def test_flags_files_that_a_later_step_deletes() -> None:
    """The message names both steps, the bytes, their share and the folder; the deleting layer comes first."""
    (finding,) = flags(DeletedInLaterLayer, ended("removed", 120 * MB), weight(2000 * MB))
    assert finding.message == (
        "Layer 4 (RUN rm -rf /opt/data) deletes 2 files (120.0 MB, 6% of the image) that layer 1 (RUN fetch /opt/data) "
        "brought: /opt/data 120.0 MB; the bytes stay in the image"
    )
    assert finding.severity is Severity.MEDIUM
    assert finding.wasted == 120 * MB
    assert [(place.layer, place.path) for place in finding.locations] == [(4, None), (1, "opt/data")]


def test_moves_the_deletion_into_the_step_that_makes_the_files() -> None:
    """The fix repeats the command that deletes, not a guess at it."""
    step = ended("removed", 120 * MB, by="RUN apt-get purge -y gcc", made_by="RUN apt-get install -y gcc")
    (finding,) = flags(DeletedInLaterLayer, step, weight(2000 * MB))
    assert finding.fixes[0].steps[0] == (
        "Move the deletion to the end of the step of layer 1 (`RUN apt-get install -y gcc`): && apt-get purge -y gcc"
    )
    assert finding.fixes[0].steps[-1] == (
        "If layer 1 belongs to the base image, choose a base that does not have them."
    )


def test_quotes_nothing_but_the_deletion() -> None:
    """What else the deleting step does stays there."""
    step = ended("removed", 120 * MB, by="RUN rm -rf /opt/data && printf 'ready' > /app/main.py", maker=Maker.OWN)
    (finding,) = flags(DeletedInLaterLayer, step, weight(2000 * MB))
    assert finding.fixes[0].title == "Delete the 120.0 MB in the step that makes them (layer 1, not 4)"
    assert finding.fixes[0].steps == (
        "Move the deletion to the end of the step of layer 1 (`RUN fetch /opt/data`): && rm -rf /opt/data",
        "Or make the files in a stage of their own, and take over the result: COPY --from=build /result /result",
    )


def test_names_the_step_where_no_command_can_be_quoted() -> None:
    """A script deletes too."""
    step = ended("removed", 120 * MB, by="RUN /clean.sh")
    (finding,) = flags(DeletedInLaterLayer, step, weight(2000 * MB))
    assert finding.fixes[0].steps[0] == (
        "Delete them at the end of the step of layer 1 (`RUN fetch /opt/data`), joined by &&"
    )


def test_moves_no_deletion_into_a_base_image() -> None:
    """Its layers have no step to change; the title is about all bytes that count as wasted."""
    step = replace(
        ended("removed", 15 * MB),
        origins=(
            Origin(0, 2, 12 * MB, "Imported from -", Maker.BASE),
            Origin(1, 1, 3 * MB, "RUN apt-get install -y gcc", Maker.STEP),
        ),
    )
    (finding,) = flags(DeletedInLaterLayer, step, weight(2000 * MB))
    assert finding.wasted == 15 * MB
    assert finding.fixes[0].title == "Leave out from the start the 15.0 MB that layer 4 deletes"
    assert finding.fixes[0].steps == (
        (
            "Layer 0 (12.0 MB) has no step to change: start from a base image without these files, such as its slim "
            "variant"
        ),
        "Move the deletion to the end of the step of layer 1 (`RUN apt-get install -y gcc`): && rm -rf /opt/data",
        SQUASH,
    )


def test_names_the_step_of_a_base_image_that_has_one() -> None:
    """No slimmer variant helps where a known base installs what is deleted."""
    origins = (Origin(1, 9, 78 * MB, "RUN pip install torch 'numpy<2'", Maker.BASE),)
    (finding,) = flags(DeletedInLaterLayer, replace(ended("removed", 78 * MB), origins=origins), weight(5600 * MB))
    assert finding.fixes[0].steps == (
        (
            "Layer 1 (`RUN pip install torch 'numpy<2'`) is of the base image and brings 78.0 MB of it: where the base "
            "is yours, change that step; otherwise start from a base image without these files"
        ),
        SQUASH,
    )


def test_names_all_layers_whose_files_are_deleted() -> None:
    """The figure of the title is the sum of them."""
    origins = tuple(Origin(layer, 1, 5 * MB, "RUN make", Maker.OWN) for layer in (2, 1))
    (finding,) = flags(DeletedInLaterLayer, replace(ended("removed", 10 * MB), origins=origins), weight(2000 * MB))
    assert finding.fixes[0].title == "Delete the 10.0 MB in the steps that make them (layers 1 and 2, not 4)"


def test_each_deletion_goes_to_the_step_that_wrote_the_files() -> None:
    """Before another step, there is nothing to delete; what has two makers is deleted by both."""
    origins = (
        Origin(2, 1, 50 * MB, "RUN fetch", Maker.OWN),
        Origin(3, 2, 5 * MB, "RUN keygen", Maker.OWN),
        Origin(1, 1, 2 * MB, "COPY . /app", Maker.OWN),
    )
    folders = (
        Folder(2, "data", 1, 50 * MB), Folder(3, "root/.ssh", 1, 3 * MB), Folder(3, "data", 1, 2 * MB),
        Folder(1, "app/.git", 1, 2 * MB),
    )  # fmt: skip
    step = ended("removed", 57 * MB, by="RUN rm -rf /root/.ssh /data/big /app/.git && apt-get clean && rm /nowhere")
    (finding,) = flags(DeletedInLaterLayer, replace(step, origins=origins, folders=folders), weight(2000 * MB))
    assert finding.fixes[0].steps[:-1] == (
        "Move the deletion to the end of the step of layer 2 (`RUN fetch`): && rm -rf /data/big && apt-get clean",
        "Move the deletion to the end of the step of layer 3 (`RUN keygen`): && rm -rf /root/.ssh /data/big",
        "Copy less: narrow `COPY . /app`, or name what is deleted later in .dockerignore.",
    )


def test_the_step_that_runs_is_told_behind_three_that_copy() -> None:
    """Its own files are deleted there, and further steps that run are left out."""
    origins = (
        *(Origin(layer, 1, (50 - layer) * MB, f"COPY part{layer} /srv/{layer}", Maker.OWN) for layer in (1, 2, 3)),
        Origin(4, 1, 5 * MB, "RUN fetch", Maker.OWN),
        Origin(5, 1, 4 * MB, "RUN make", Maker.OWN),
    )
    folders = (
        *(Folder(layer, f"srv/{layer}", 1, (50 - layer) * MB) for layer in (1, 2, 3)),
        Folder(4, "data", 1, 5 * MB),
        Folder(5, "made", 1, 4 * MB),
    )
    step = ended("removed", 153 * MB, by="RUN rm -rf /srv /data/big /made")
    (finding,) = flags(DeletedInLaterLayer, replace(step, origins=origins, folders=folders), weight(2000 * MB))
    assert [line.split(",")[0] for line in finding.fixes[0].steps[:-1]] == [
        "Copy less: narrow `COPY part1 /srv/1`",
        "Copy less: narrow `COPY part2 /srv/2`",
        "Copy less: narrow `COPY part3 /srv/3`",
        "Move the deletion to the end of the step of layer 4 (`RUN fetch`): && rm -rf /data/big",
    ]


def test_packages_are_removed_by_the_step_that_names_them() -> None:
    """Not by the one that brings most."""
    origins = (
        Origin(6, 1, 5 * MB, "RUN curl -o /tmp/cuda.run https://example.org/cuda.run", Maker.OWN),
        Origin(1, 1, 3 * MB, "RUN apt-get update && apt-get install -y gcc=12 make", Maker.OWN),
    )
    folders = (Folder(6, "tmp", 1, 5 * MB), Folder(1, "usr/bin", 1, 3 * MB))
    step = ended("removed", 8 * MB, by="RUN rm /tmp/cuda.run && apt-get purge -y gcc && apt-get clean")
    (finding,) = flags(DeletedInLaterLayer, replace(step, origins=origins, folders=folders), weight(2000 * MB))
    assert [line.partition("): && ")[2] for line in finding.fixes[0].steps[:-1]] == [
        "rm /tmp/cuda.run && apt-get clean",
        "apt-get purge -y gcc",
    ]


def test_a_deletion_that_cannot_be_told_apart_goes_with_most_of_the_bytes() -> None:
    """Of quoted words none is left out, and of a script nothing is known."""
    origins = tuple(Origin(layer, 1, size * MB, "RUN make", Maker.OWN) for layer, size in ((2, 5), (1, 2)))
    folders = (Folder(2, "data", 1, 5 * MB), Folder(1, "srv", 1, 2 * MB))
    for by, told in (
        ("RUN rm -rf '/data/a b' /opt/x", ["&& rm -rf '/data/a b' /opt/x"]),
        ("RUN rm -rf /elsewhere", ["&& rm -rf /elsewhere"]),
        ("RUN /clean.sh", ["joined by &&"]),
    ):
        step = replace(ended("removed", 7 * MB, by=by), origins=origins, folders=folders)
        (finding,) = flags(DeletedInLaterLayer, step, weight(2000 * MB))
        lines = finding.fixes[0].steps[:-1]
        assert all(line.endswith(end) for line, end in zip(lines, told, strict=True)), lines


def test_advises_to_copy_less_where_a_copy_brought_the_files() -> None:
    """Nothing can be deleted within a COPY."""
    (finding,) = flags(DeletedInLaterLayer, ended("removed", 120 * MB, made_by="COPY . /opt"), weight(2000 * MB))
    assert finding.fixes[0].steps[0].startswith("Copy less: narrow `COPY . /opt`")


def test_tells_small_deletions_together_as_information() -> None:
    """A rebuild for a few kilobytes does not pay."""
    (finding,) = flags(DeletedInLaterLayer, ended("removed", 5000), ended("removed", 7000), weight(2000 * MB))
    assert finding.message == "Deleted in 1 later layer: 4 files (12.0 kB), too little to be worth a rebuild"
    assert finding.severity is Severity.INFO


def test_severity_grows_with_the_bytes() -> None:
    """A gigabyte is worse than a megabyte."""
    severities = [
        flags(DeletedInLaterLayer, ended("removed", size), weight(50_000 * MB))[0].severity
        for size in (2 * MB, 200 * MB, 2000 * MB)
    ]
    assert severities == [Severity.LOW, Severity.MEDIUM, Severity.HIGH]


def test_ignores_files_that_are_overwritten() -> None:
    """The container still sees a file there; that is LAY102's."""
    ignores(DeletedInLaterLayer, ended("overwritten", 120 * MB), weight(2000 * MB))
