"""Engine in, tidy frame out; the only floor that knows ibis."""
