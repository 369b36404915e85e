"""What is made of evidence on the officer's side: tables, reports, and other systems' formats.

Pure, apart from ``folder``, which writes.  Nothing here decides what may leave: that was decided,
and is on record, where the records came from.
"""
