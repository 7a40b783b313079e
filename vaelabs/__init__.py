"""Four labs on variational autoencoders, and their autograder."""

__version__ = "0.1.0"
