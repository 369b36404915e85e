"""The connected side: gathers, checks, lists, signs and lays out what an isolated machine needs."""
