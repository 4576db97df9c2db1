"""The formats that a model can be exported to."""

FORMATS = ("saved_model", "litert", "onnx", "keras")
