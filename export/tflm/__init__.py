"""An int8 file for TFLite-Micro: a C array, the operators it needs, and the memory it takes."""
