"""Fix: a change that a rule suggests."""

from enum import StrEnum

from msgspec import Struct

from layerscope.rules.build_edit import BuildEdit
from layerscope.rules.config_edit import ConfigEdit
from layerscope.rules.layer_edit import LayerEdit


class Safety(StrEnum):
    """Whether a fix may be applied unread."""

    SAFE = "safe"
    REVIEW = "review"


class FixKind(StrEnum):
    """What a fix changes."""

    DOCKERFILE_EDIT = "dockerfile-edit"
    """The build: a Dockerfile, what it names, or the files beside it."""
    REBUILD = "rebuild"
    """Nothing: the image is built, pulled or pushed again."""
    LAYER_EDIT = "layer-edit"
    """The layers of the image as it is, without a build."""
    CONFIG_EDIT = "config-edit"
    """The image's config alone, by one instruction that makes no layer."""
    RUN_FLAGS = "run-flags"
    """How the container is started."""
    HOST_ACTION = "host-action"
    """The machine that it runs on: driver, container toolkit, engine, or what is asked there."""


class FixPlace(StrEnum):
    """Where `layerscope fix` makes a change itself, or the larger part of what a rule suggests."""

    IMAGE = "image"
    """In the layers and the config of the image as it is."""
    DOCKERFILE = "Dockerfile"
    """In the Dockerfile that the image was built from."""
    REBUILD = "rebuild"
    """By building from the same Dockerfile again, with less of the build cache."""
    RECIPE = "recipe"
    """In how a container is started, as `--recipe` prints it."""


class Fix(Struct, frozen=True):
    """A title, the steps a person would take, whether they may be taken unread, and what they change.

    `edits` are what `layerscope fix` itself can do for it in the image, `build_edits` what it can do in a Dockerfile.
    """

    title: str
    steps: tuple[str, ...]
    safety: Safety = Safety.REVIEW
    kind: FixKind = FixKind.DOCKERFILE_EDIT
    edits: tuple[LayerEdit | ConfigEdit, ...] = ()
    build_edits: tuple[BuildEdit, ...] = ()
