"""The compiled trainer: `Trainer`, what it plans, and what it raises.

A call of `Trainer.fit` passes through these classes, from the outside in:

    Trainer.fit (trainer.py)                  the arguments
      checks.py, target_checks.py             what must hold before any step
      make_source (data_sources.py)           the data, as a source of batches:
                                              array_source.py, stream_source.py or
                                              indexed_source.py
      make_callback_list (callback_list.py)   the callbacks
      CompiledLoops (compiled_loops.py)       the loops kept from the last call
      FitLoop.run (fit_loop.py)               for each epoch:
        source.epoch(loop, ...)                 for each call of the loop:
          StepBudget, BatchHooks (batch_hooks.py)  how many steps it takes
          Loop (loop.py)                           for each step, compiled;
          EagerLoop (eager_loop.py)                or in Python, for `run_eagerly`:
            Steps.train (steps.py)                   the arithmetic
        evaluate (evaluate_loop.py)             the validation
        Checkpoints.save (checkpoints.py)       files by checkpoint_file.py

Each argument is read in one place:

| argument | owner |
| --- | --- |
| `x`, `y`, `sample_weight`, `class_weight` | `make_source`, by Keras's data adapters |
| `batch_size`, `steps_per_epoch`, `shuffle` | the source of the data |
| `epochs`, `initial_epoch`, `validation_freq` | `FitLoop` |
| `callbacks`, `verbose` | `make_callback_list`; their batch hooks `BatchHooks` |
| `validation_split` | `Trainer.fit` |
| `validation_data`, `validation_batch_size`, `validation_steps` | a second source |
| `compile`'s optimizer, loss and metrics | `Steps`; `CompiledLoops` sees a change |
| `compile`'s `run_eagerly` | `CompiledLoops`, which takes an `EagerLoop` |
| `compile`'s `jit_compile`, `Trainer`'s | `choose_jit` (plan.py) |
| `compile`'s `steps_per_execution` | `BatchHooks` |
| `strategy` | `ReplicatedSteps` or `OneReplicaSteps` in place of `Steps` |
| `on_nonfinite` | `Steps` keeps or undoes a step, `Loop` ends, `FitLoop` raises |
| `checkpoint_dir`, `checkpoint_every`, `checkpoints_kept` | `Checkpoints` |
| `resume` | `Checkpoints.restore`, then `FitLoop.run` |

The steps compute as `Model.train_step` does, except that a batch may pass through the
layers in shards (sharding.py) and that an optimizer's rule may be one kernel
(fused_optimizers.py). What shards must know of each other, side_by_side.py puts
together. Kernels and threads are set in cpu.py, workers agree by workers.py. What of
Keras is used that is not public stands in _keras.py.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
