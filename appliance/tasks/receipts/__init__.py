"""Printed receipts of many countries, read by layout, labels and arithmetic: no language model."""
