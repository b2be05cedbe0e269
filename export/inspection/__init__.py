"""What is inside a bundle, and where it loses precision."""
