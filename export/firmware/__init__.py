"""From an int8 TFLite file to dependency-free C99."""
