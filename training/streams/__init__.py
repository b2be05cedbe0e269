"""Long streams of words, other speech and noise: how a bundle does on them, and where its detector should stand."""
