"""Write the documentation of the shipped rule sets: ``python -m layers.rules > docs/rules.md``."""

from layers.rules.page import rules_page

print(rules_page(), end="")  # noqa: T201
