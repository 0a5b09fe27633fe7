"""Photos of two classes: taken in from outside, read, inspected and divided."""
