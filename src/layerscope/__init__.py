"""layerscope audits container images layer by layer."""

__version__ = "0.1.0"
