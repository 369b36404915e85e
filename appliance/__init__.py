"""An air-gapped, private document-processing appliance.

The rooms are drawn in DESIGN.md.  Imports point down only; ``tests/test_architecture.py`` says so.
"""

__version__ = "0.1.0"
