"""The images of a run: as it is asked for, and as its model and options need them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..data import ImageDataset, load
from ..data.loading import with_validation
from .config import RunConfig
from .kinds import SIZE
from .own_model import ModelSource

# The share that is validated on where a patience is given and no validation.
_VALIDATED_FOR_PATIENCE = 0.1


def load_images(
    config: RunConfig,
    source: ModelSource | None,
    note: Callable[[str], None],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[RunConfig, ImageDataset]:
    """Returns a run's configuration with what was decided for its images, and these.

    Args:
        config: What the run is asked to do.
        source: Where its model comes from; None for the article's.
        note: Is called with a sentence on what was decided.
        progress: As `load` takes it. Defaults to `None`.

    Raises:
        InputError: If the images cannot be had.
    """
    image_size = config.image_size
    if image_size is None and source is not None and source.image_size is not None:
        image_size = source.image_size
        note(f"Images are taken at {SIZE.write(image_size)}, as the model.")
    dataset = load(
        config.dataset,
        data_dir=config.data_dir,
        manual_dir=config.manual_dir,
        validation_split=config.validation_split,
        image_size=image_size,
        white=config.white,
        skip_damaged=config.skip_damaged,
        stream=config.stream,
        progress=progress,
    )
    if config.patience is not None and dataset.validation is None:
        config = replace(config, validation_split=_VALIDATED_FOR_PATIENCE)
        dataset = with_validation(dataset, config.validation_split)
        note(
            f"{config.validation_split:.0%} of the training images are validated on, "
            "since `patience` needs a validation and the test images decide nothing."
        )
    return config, dataset.limited(config.limit)
