"""The base image as the builder recorded it."""

from layerscope.facts.config.base_reference import BASE_DIGEST, BASE_NAME, BaseReference, BaseReferenceCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, collect_one, make_context


def test_reads_the_manifests_annotations_first() -> None:
    """They belong to this image; labels may be inherited."""
    context = make_context(
        [],
        annotations={BASE_NAME: "docker.io/library/python:3.12", BASE_DIGEST: "sha256:1"},
        runtime=RuntimeConfig(labels={BASE_NAME: "docker.io/library/debian:12"}),
    )
    base = collect_one(BaseReferenceCollector, context, BaseReference)
    assert (base.name, base.digest, base.source) == ("docker.io/library/python:3.12", "sha256:1", "annotation")


def test_reads_labels_where_there_are_no_annotations() -> None:
    """Without a digest there is none."""
    context = make_context([], runtime=RuntimeConfig(labels={BASE_NAME: "docker.io/library/debian"}))
    base = collect_one(BaseReferenceCollector, context, BaseReference)
    assert (base.name, base.digest, base.source) == ("docker.io/library/debian", None, "label")


def test_most_images_record_none() -> None:
    """Then nothing is said."""
    assert collect(BaseReferenceCollector, make_context([])).of(BaseReference) == ()
