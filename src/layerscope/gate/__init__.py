"""The gate: whether images keep to a project's policy, before they are pushed."""
