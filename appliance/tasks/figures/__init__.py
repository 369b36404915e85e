"""Answers out of tables: cells, lists, comparisons, and calculations over quoted figures."""

from appliance.tasks.figures.proposing import ENOUGH, Proposed, answer, propose

__all__ = ["ENOUGH", "Proposed", "answer", "propose"]
