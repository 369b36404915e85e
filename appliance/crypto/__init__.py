"""Sealing, keys and signatures: pure functions of their arguments, no I/O, no clock, no globals.

``aead`` is the one sealed format; ``context`` says what a sealed record is; ``keyring`` holds the
key hierarchy; ``unseal`` turns a passphrase into the key above it; ``sign`` and ``mac`` serve the
audit log and keyed look-ups.  The only room that imports ``cryptography``.
"""
