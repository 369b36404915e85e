"""The PDF writer, which moved to ``printing``; the old name stays for what imports it."""

from __future__ import annotations

from appliance.printing.pdf import HEIGHT, WIDTH, Line, document

__all__ = ["HEIGHT", "WIDTH", "Line", "document"]
