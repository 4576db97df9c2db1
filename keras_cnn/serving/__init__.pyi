from .app import create_app as create_app
from .limits import Limits as Limits
from .served import Heat as Heat
from .served import ServedModel as ServedModel
