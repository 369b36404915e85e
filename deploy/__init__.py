"""What an installation is made of beside the package: the installer, units, settings."""
