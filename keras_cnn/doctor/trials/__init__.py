"""Copies of a program, trained for a short while."""
