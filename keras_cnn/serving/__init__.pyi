from .app import create_app as create_app
from .hosts import own_hosts as own_hosts
from .limits import Limits as Limits
from .loading import load as load
from .running import serve as serve
from .served import ServedModel as ServedModel
