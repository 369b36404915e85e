"""Programs that leave the machine: each one file that needs nothing of this package.

They are data here, copied beside what they check, and run elsewhere: ``witness.py`` on an
officer's laptop, ``verify_audit.py`` wherever evidence is read.
"""
