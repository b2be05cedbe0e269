"""Training on several devices of a host, and on several hosts whose workers may die and come back."""
