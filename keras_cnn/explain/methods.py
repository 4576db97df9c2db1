"""The methods that explain a class by a map of the image, by name."""

from __future__ import annotations

from collections.abc import Callable

from .explanation import Explanation
from .grad_cam import grad_cam, grad_cam_plus_plus
from .gradient import gradient_x_input, saliency
from .integrated_gradients import integrated_gradients
from .occlusion import occlusion
from .smooth_grad import smooth_grad

METHODS: dict[str, Callable[..., Explanation]] = {
    "saliency": saliency,
    "gradient_x_input": gradient_x_input,
    "smooth_grad": smooth_grad,
    "integrated_gradients": integrated_gradients,
    "grad_cam": grad_cam,
    "grad_cam_plus_plus": grad_cam_plus_plus,
    "occlusion": occlusion,
}
