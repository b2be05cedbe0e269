"""``python -m drsn_keras.edge`` is ``drsn-edge``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
