"""Beyond the plain converter: percentile and MSE ranges, quantisation-aware training, pruning, mixed schemes."""
