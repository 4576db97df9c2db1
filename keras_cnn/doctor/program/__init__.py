"""What a training program is, read from its model and data."""
