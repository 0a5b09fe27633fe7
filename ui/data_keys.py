"""Under which keys the session holds what was found in the photos to train on.

Here, since most pages that ask for it do without what finds it.
"""

LOOK = "training_look"  # a ui.data_report.Look
DOUBTS = "training_label_check"  # what ui.label_check found
