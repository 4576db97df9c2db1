"""What can end a run besides bad input; importing it imports neither Keras nor more."""

from __future__ import annotations


class TrainingError(RuntimeError):
    """A run that cannot go on, for a reason that its one sentence gives.

    The command line prints it without a traceback and exits with 1.
    """


class NonFiniteLossError(TrainingError):
    """Training was stopped at a loss that is NaN or infinite.

    Its update was not made, unless the model has a `train_step` of its own.

    Attributes:
        epoch: The epoch, counted from 0.
        step: The step in the epoch, counted from 0.
        last_finite_loss: The last loss before it that was finite; NaN if none was.
        cause: What first went non-finite, such as `"the output of layer conv2d"`.
    """

    def __init__(
        self,
        epoch: int,
        step: int,
        last_finite_loss: float,
        cause: str,
        kept: str = "",
        *,
        undone: bool = True,
    ) -> None:
        """Takes the attributes.

        Args:
            epoch: See above.
            step: See above.
            last_finite_loss: See above.
            cause: See above.
            kept: The last good checkpoint, if there is one.
            undone: Whether the weights are those before the step.
        """
        self.epoch = epoch
        self.step = step
        self.last_finite_loss = last_finite_loss
        self.cause = cause
        super().__init__(
            f"The loss must be finite: it was not at step {step} of epoch {epoch} "
            f"(both counted from 0), where {cause} first went non-finite; the last "
            f"finite loss was {last_finite_loss:.6g}. The weights are those "
            f"{'before that step' if undone else 'after it: its update was its own'}."
            + (f" The last good checkpoint is {kept}." if kept else "")
        )


class WorkerLostError(TrainingError):
    """A worker of a multi-worker strategy has died or cannot be reached."""
