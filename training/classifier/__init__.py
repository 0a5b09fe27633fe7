"""The mask classifier: its networks, what they are fed with, and fitting them."""
