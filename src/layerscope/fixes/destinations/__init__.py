"""Where a new image goes: a folder, an archive, an engine or a registry."""
