"""Bills of materials: the packages that an audit found, as CycloneDX and SPDX."""
