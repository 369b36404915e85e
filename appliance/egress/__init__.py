"""Whether anything can leave: what is looked at, what is tried, and what follows from it."""
