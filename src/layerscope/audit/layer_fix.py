"""LayerFix: what is to be done to an image as it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from layerscope.fixes.surgery.config_changes import ConfigChange
from layerscope.fixes.surgery.cuts import NewFile, Range
from layerscope.layers.scan import Compression
from layerscope.rules.config_edit import ConfigEdit, HideCredentials, SetVariable
from layerscope.rules.finding import Finding
from layerscope.rules.layer_edit import DropHidden, LayerEdit


@dataclass(frozen=True)
class LayerFix:
    """What is to be done to an image's layers: the edits, the findings they are to remove, and how blobs are packed.

    Times after `latest`, seconds since 1970, are set to it. `files` are those to be put at paths, `merged` the
    layers that become one, `changes` those of the config. What is hidden is taken from `every_layer`, the base image's
    and those that give hardly anything, too.
    """

    edits: tuple[LayerEdit | ConfigEdit, ...]
    cures: tuple[Finding, ...]
    compression: Compression | None = None
    is_reviewed: bool = field(default=False, kw_only=True)
    """Whether somebody has read what it takes away."""
    latest: int | None = None
    files: Mapping[str, NewFile] = field(default_factory=dict)
    merged: Range | None = None
    changes: tuple[ConfigChange, ...] = ()
    every_layer: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.edits or self.compression or self.files or self.merged or self.changes) and self.latest is None

    @property
    def drops_hidden_alone(self) -> bool:
        """Whether nothing is to be done but to leave out what is hidden."""
        asked = (self.compression, self.files, self.merged, self.changes)
        return not any(asked) and self.latest is None and all(isinstance(edit, DropHidden) for edit in self.edits)

    @property
    def layer_edits(self) -> tuple[LayerEdit, ...]:
        """The edits of layers."""
        return tuple(edit for edit in self.edits if not isinstance(edit, SetVariable | HideCredentials))

    @property
    def variables(self) -> dict[str, str | None]:
        """The variables that get a value, or go."""
        return {edit.name: edit.value for edit in self.edits if isinstance(edit, SetVariable)}

    @property
    def hides_credentials(self) -> bool:
        """Whether those of the history and the labels are to go."""
        return any(isinstance(edit, HideCredentials) for edit in self.edits)
