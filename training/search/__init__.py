"""Searches: options of a training chosen by what they reach on the validation part."""
