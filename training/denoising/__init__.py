"""Denoisers: clean material of five tasks, pairs with noise, training, evaluation beside classical filters, a page."""
