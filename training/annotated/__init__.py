"""Faces with their boxes: annotated scenes, and what is cut out of them or recorded."""
