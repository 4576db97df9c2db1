"""What can end a run besides bad input. Importing it does not import Keras."""

from __future__ import annotations


class TrainingError(RuntimeError):
    """A run cannot go on; the message says why in one sentence.

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
        """Says where the loss became NaN or infinite, and what is left of the run.

        Args:
            epoch: The epoch, counted from 0.
            step: The step in the epoch, counted from 0.
            last_finite_loss: The last loss before it that was finite; NaN if none was.
            cause: What first went non-finite.
            kept: The last good checkpoint. Defaults to `""`, for none.
            undone: Whether the weights are those before the step. Defaults to `True`.
        """
        self.epoch = epoch
        self.step = step
        self.last_finite_loss = last_finite_loss
        self.cause = cause
        super().__init__(
            f"The loss became NaN or infinite at epoch {epoch}, step {step} (counted "
            f"from 0). First non-finite: {cause}. Last finite loss: "
            f"{last_finite_loss:.6g}. The weights are those "
            f"{'before that step' if undone else 'after it, by its own update'}."
            + (f" The last good checkpoint is {kept}." if kept else "")
        )


class WorkerLostError(TrainingError):
    """A worker of a multi-worker strategy has died or cannot be reached."""
