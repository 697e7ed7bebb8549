"""Print the page of assumptions: ``python -m layers.assumptions > docs/assumptions.md``."""

import sys

from layers.assumptions.page import assumptions_page

sys.stdout.write(assumptions_page())
