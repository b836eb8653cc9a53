"""Images in a registry, by the OCI distribution API; nothing is written to disk but what the cache keeps."""
