"""BuildEdit: what can be changed in a Dockerfile alone, since the build has to be run again for it."""

from msgspec import Struct


class AskTogether(Struct, frozen=True, tag=True):
    """Have pip meet requirements in the command that installs what they name, else in the one that installs `beside`.

    `beside` are names of distributions as indexes compare them.
    """

    requirements: tuple[str, ...]
    beside: tuple[str, ...] = ()


class UseVariant(Struct, frozen=True, tag=True):
    """Start from another variant of NVIDIA's image of the same CUDA: `runtime`, `base`."""

    variant: str


class AddLines(Struct, frozen=True, tag=True):
    """Put instructions in front of the one that says what is started, unless the last `keyword` stands there already.

    Nothing that is built may follow them: they change who does it, or what is there.
    """

    lines: tuple[str, ...]
    keyword: str


BuildEdit = AskTogether | UseVariant | AddLines
