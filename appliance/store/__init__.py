"""The sealed store: a catalogue in SQLCipher, one sealed file per object, the keyring above both.

``store`` is the door; the formats are written down byte by byte in FORMAT.md, with test vectors.
"""
