"""What a model costs on this machine, beside the networks and the conversions it has to be compared with."""
