"""The Training page: photos to learn from, runs, and the models they make."""
