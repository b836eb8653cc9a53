"""Facts from a probe: what the running image did; they are of one run, and kept in no cache."""
