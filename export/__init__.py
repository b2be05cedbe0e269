"""From a trained run to what a device runs. May import drsn_keras, its edge and its training."""
