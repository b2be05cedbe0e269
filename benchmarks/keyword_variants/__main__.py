"""``python benchmarks/keyword_variants``: see ``--help``."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Run as a folder, this is no package; its modules are called as one all the same.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from keyword_runs import start
    from keyword_variants.command import main

    start(main)
