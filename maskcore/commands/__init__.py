"""The commands of ``python -m maskcore``."""
