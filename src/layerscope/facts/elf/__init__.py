"""What the image's ELF objects need, and what the dynamic loader would give them."""
