"""What a model costs on this machine, beside the networks and the conversions it has to be compared with."""

#: The condition without noise; the others are SNRs [dB] as text.
CLEAN = "clean"
