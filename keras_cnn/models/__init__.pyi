from .article import article_cnn as article_cnn
