from .app import create_app as create_app
from .heatmaps import Heatmap as Heatmap
from .heatmaps import grad_cam_heatmaps as grad_cam_heatmaps
from .hosts import own_hosts as own_hosts
from .limits import Limits as Limits
from .loading import load as load
from .served import ServedModel as ServedModel
