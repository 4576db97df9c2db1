"""Explanations: which pixels speak for a class, and what layers have learned."""

# Not lazy: a file that is imported on its own would hide the function of its name.

from .activation_maximization import ActivationMaximization as ActivationMaximization
from .activation_maximization import activation_maximization as activation_maximization
from .explanation import Explanation as Explanation
from .faithfulness import Curves as Curves
from .faithfulness import deletion_and_insertion as deletion_and_insertion
from .feature_maps import feature_maps as feature_maps
from .grad_cam import grad_cam as grad_cam
from .grad_cam import grad_cam_plus_plus as grad_cam_plus_plus
from .gradient import gradient_x_input as gradient_x_input
from .gradient import saliency as saliency
from .integrated_gradients import integrated_gradients as integrated_gradients
from .kernels import kernels as kernels
from .methods import METHODS as METHODS
from .occlusion import occlusion as occlusion
from .pictures import draw_explanations as draw_explanations
from .pictures import draw_tiles as draw_tiles
from .pictures import kernel_tiles as kernel_tiles
from .smooth_grad import smooth_grad as smooth_grad
