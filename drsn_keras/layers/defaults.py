"""Constants that the layers share."""

#: Keras's 0.99 needs several hundred steps to forget its start; short trainings in noise end before that.
BATCH_NORM_MOMENTUM = 0.9
BATCH_NORM_EPSILON = 1e-3
