"""`python -m keras_cnn` is `keras-cnn`."""

from .cli import main

if __name__ == "__main__":
    main()
