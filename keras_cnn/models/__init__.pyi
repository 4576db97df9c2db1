from .article import article_cnn as article_cnn
from .loading import load_model as load_model
