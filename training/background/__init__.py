"""Runs started from the page: processes of their own, watched through their files."""
