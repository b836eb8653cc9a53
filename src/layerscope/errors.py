"""Every exception of layerscope.

LayerscopeError
├── UsageError                what was asked makes no sense (exit code 2)
│   ├── ReferenceSyntaxError  a reference, digest or platform that does not parse
│   ├── SettingsError         an unknown or ill-typed configuration key
│   │   └── UnreadableBaselineError  a baseline of `check` that has to be written anew
│   ├── ConfigurationError    a file of docker's or podman's configuration that cannot be understood
│   └── UnknownBaseError      an image that was not built on the base that is named, or on none that is known
├── SourceError               the image could not be had (exit code 3)
│   ├── ImageNotFoundError    nothing answers to that name; says what was tried
│   ├── ContainerNotFoundError  an engine has no container of that name
│   ├── PlatformNotFoundError the index has no such platform; lists what there is
│   ├── EngineError           the container engine refused or could not be reached
│   │   └── NoEngineError     nothing listens where the engine should be
│   └── TransferError         bytes did not arrive, from which nothing follows for the image
│       └── LoginError        a registry does not let us in
├── ImageError                the image is malformed or does not match its digests (exit code 4)
│   ├── DocumentError         a manifest, index or config breaks its specification
│   ├── DigestMismatchError   bytes that are not what their digest says
│   ├── LayerDamageError      a layer that cannot be read to its end
│   └── LimitError            a named ceiling was passed
├── ProbeError                a requested probe could not run (exit code 5)
├── TreeError                 a path cannot be followed or written out
├── FormatError               a file's bytes are not what its format demands; becomes a gap
├── PolicyError               a table of outside knowledge contradicts itself
└── CacheError                the layer cache cannot be used

Every message says what was being done, to what, and what was expected.
"""


class LayerscopeError(Exception):
    """Any failure that layerscope explains in one message."""


class UsageError(LayerscopeError):
    """What was asked makes no sense."""


class ReferenceSyntaxError(UsageError):
    """A reference, digest or platform that does not parse."""


class SettingsError(UsageError):
    """An unknown or ill-typed configuration key."""


class UnreadableBaselineError(SettingsError):
    """A baseline of `layerscope check` that is broken, or of another version, and has to be written anew."""


class ConfigurationError(UsageError):
    """A file of docker's or podman's configuration that cannot be understood: engines, credentials, mirrors."""


class UnknownBaseError(UsageError):
    """An image that was not built on the base that is named, or on none that is known."""


class FormatError(LayerscopeError):
    """A file's bytes are not what its format demands; whoever collects facts makes a gap of it."""


class PolicyError(LayerscopeError):
    """A table of outside knowledge contradicts itself or cannot be read."""


class ProbeError(LayerscopeError):
    """A requested probe could not run."""


class SourceError(LayerscopeError):
    """The image could not be had."""


class ImageNotFoundError(SourceError):
    """Nothing answers to that name; the message says what was tried."""


class ContainerNotFoundError(SourceError):
    """An engine has no container of that name."""


class PlatformNotFoundError(SourceError):
    """The index has no such platform; the message lists what there is."""


class EngineError(SourceError):
    """The container engine refused or could not be reached."""


class NoEngineError(EngineError):
    """Nothing listens where the engine should be; `place` is the socket or address."""

    def __init__(self, message: str, *, place: str = "") -> None:
        """Say what was being done, and where nobody answered."""
        super().__init__(message)
        self.place = place


class TransferError(SourceError):
    """Bytes did not arrive, which says nothing about the image: another try may bring them.

    `layer_name` is that of the layer whose bytes they were, as its source calls it.
    """

    layer_name: str | None = None


class OfflineError(TransferError):
    """Something is not in the cache, and nobody may be asked for it: no other try brings it."""


class LoginError(TransferError):
    """A registry does not let us in; says which credentials were tried and where they came from."""


class ImageError(LayerscopeError):
    """The image is malformed or does not match its digests."""


class DocumentError(ImageError):
    """A manifest, index or config breaks its specification."""


class DigestMismatchError(ImageError):
    """Bytes that are not what their digest says."""


class LayerDamageError(ImageError):
    """A layer that cannot be read to its end."""


class LimitError(ImageError):
    """A named ceiling was passed."""


class TreeError(LayerscopeError):
    """A path cannot be followed or written out."""


class CacheError(LayerscopeError):
    """The layer cache cannot be used."""
