"""Acceptance: on the customer's own machine, what is promised is tried, measured and signed."""
