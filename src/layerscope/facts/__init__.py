"""What the image contains: typed facts, each with its evidence."""
