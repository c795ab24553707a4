"""Runs guardctl (python -m ops.guardctl)."""

import sys

from ops.guardctl.main import main

if __name__ == "__main__":
    sys.exit(main())
