"""Repeatable measurements; nothing here decides whether tests pass."""
