"""Parameters in, published readout out."""
