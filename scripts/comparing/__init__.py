"""Random cases, decided twice."""
