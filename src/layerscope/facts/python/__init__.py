"""Python interpreters, environments, distributions and what they require of each other."""
