from .verdicts import Judgement as Judgement
from .verdicts import Standing as Standing
from .verdicts import judge as judge
