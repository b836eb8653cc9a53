"""What the tests are built from: images, tars and engines, without a binary file."""
