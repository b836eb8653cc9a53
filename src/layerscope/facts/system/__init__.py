"""Facts about the operating system in the image."""
