"""How docstrings are read for the site."""

import griffe


class Examples(griffe.Extension):
    """Has `Example:` read as `Examples:`, the only one of the two shown as code."""

    def on_object(self, *, obj, **kwargs):
        """Renames the section in the docstring of each object that is read."""
        if obj.docstring:
            text = obj.docstring.value
            obj.docstring.value = text.replace("\nExample:\n", "\nExamples:\n")
