"""Set-up of a machine: checks, locked environments, model folders.  Standard library only."""
