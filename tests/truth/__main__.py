"""The table of truth as a command: ``python -m tests.truth --pack params/demo``."""

import sys

from .run import main

if __name__ == "__main__":
    sys.exit(main())
