"""Print the catalogue as the page ``docs/layers.md``."""

from __future__ import annotations

import sys

from layers.catalogue.page import page

if __name__ == "__main__":
    sys.stdout.write(page())
