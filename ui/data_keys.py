"""Under which keys the session holds the photos to train on and what was found in them.

Here, since most that ask for it do without what brings or finds it.
"""

BROUGHT = "training_data"  # a ui.training.data_ways.Brought
LOOK = "training_look"  # a ui.training.data_report.Look
RECORDER = "face_recorder"  # a ui.training.recorder.FaceRecorder
DOUBTS = "training_label_check"  # what ui.training.label_check found
