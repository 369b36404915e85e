"""Proofs over a real bundle: it installs and works without a network, and only unchanged."""
