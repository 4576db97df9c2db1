"""The command line: the only place that prints, exits or reads arguments."""

from .app import main as main
