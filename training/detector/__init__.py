"""Training the face detector: a small anchor-free network (FCOS) on annotated scenes."""
