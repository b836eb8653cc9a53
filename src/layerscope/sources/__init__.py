"""Where an image comes from: each source yields an image whose layers can be opened."""
