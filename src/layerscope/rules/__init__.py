"""What is wrong with the facts: one file per rule."""
