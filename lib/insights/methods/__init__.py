"""Tidy frame in, frozen result out: statistics without I/O that do not know each other."""
