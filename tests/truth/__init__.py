"""What every method finds of the operation whose truth is known: ``python -m tests.truth``."""
