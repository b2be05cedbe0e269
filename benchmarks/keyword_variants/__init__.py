"""Variants of shrinkage in the keyword spotter, side by side on a CPU: all are trained on the very same noisy batches.

The batches are computed once with the library's corpus, noise and augmentation and kept on disk; what is left of a
training is the network alone. What earns its place goes into the library; the others stay reproducible here.
"""
