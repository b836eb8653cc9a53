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


BuildEdit = AskTogether | UseVariant
