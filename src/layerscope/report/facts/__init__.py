"""What an image contains, drawn for a person: a view a family."""
