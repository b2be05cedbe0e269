"""Training, evaluation and data. May import drsn_keras and drsn_keras.edge; heavy imports stay inside functions."""
