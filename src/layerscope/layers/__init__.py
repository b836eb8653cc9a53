"""What each layer changes: one pass over one tar, and its cache."""
