"""An air-gapped, private document-processing appliance.

The rooms, from the top: ``cli`` > ``app`` > ``tasks``, ``ingest`` > ``index`` > ``engine``,
``access`` > ``audit`` > ``store`` > ``crypto`` > ``sandbox``, ``config``, ``documents``,
``offline`` > ``errors``.  Imports point down only; ``tests/test_architecture.py`` says so.
"""

__version__ = "0.1.0"
