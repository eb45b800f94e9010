"""Turn raw safety and support data into readouts that people can decide on."""

__version__ = "0.1.0"
