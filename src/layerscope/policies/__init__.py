"""Outside knowledge, as dated tables."""
