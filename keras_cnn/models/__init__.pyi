from .article import article_cnn as article_cnn
from .hand_written import use_keras_cnn as use_keras_cnn
from .hidden_activations import HiddenActivation as HiddenActivation
from .hidden_activations import hidden_activations as hidden_activations
from .swapping import swap_activation as swap_activation
