"""The isolated side: verifies a bundle, imports it into a pool, installs and switches releases.

Standard library only; it runs before anything of the bundle is installed.
"""
