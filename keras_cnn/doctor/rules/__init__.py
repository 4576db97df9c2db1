"""What may be wrong with a program, and how each fault shows."""
