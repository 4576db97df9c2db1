from tests.passes import drawn, mixed_precision, mode, run  # noqa: F401
