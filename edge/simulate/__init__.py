"""``drsn-edge simulate``: virtual machines that wear, for a gateway to watch. NumPy only."""
