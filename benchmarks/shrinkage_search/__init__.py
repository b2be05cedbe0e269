"""The search for the place of shrinkage in the keyword spotter: many small networks in JAX, several seeds at once.

What did not earn a place in the library is kept here, reproducible by a command. A machine that has JAX, this folder
and a packed file (``--pack``) needs nothing else of this repository.
"""
