"""A development server: TensorFlow Serving's REST protocol, and a page to draw on."""

from typing import Any

import lazy_loader

from .._optional import missing_extra

_attribute, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    """Returns a public name, which is imported when it is first used.

    Raises:
        MissingExtraError: If what the extra `serve` installs is not there.
    """
    try:
        return _attribute(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == __name__.split(".")[0]:
            raise
        raise missing_extra(error.name, "serve", error) from error
