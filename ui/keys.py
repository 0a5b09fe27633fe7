"""Under which keys the session holds what a visitor brought or made, for all who ask for it.

Here, since most that ask for it do without what brings or makes it.
"""

GALLERY = "gallery"  # a ui.photos.gallery.Gallery
STREAM = "live_stream"  # a ui.live.stream.LiveStream
VIDEO = "video_job"  # a ui.live.video.VideoJob
OWN_PHOTOS = "metrics_own"  # ui.metrics.own_photos.OwnPhotos by model
PICTURES = "metrics_brought_pictures"  # a ui.metrics.pictures.Pictures
CORRECTIONS = "metrics_corrections"  # ui.metrics.corrections.Marks by data
BROUGHT = "training_data"  # a ui.training.data_ways.Brought
KEPT_ZIP = "-kept"  # ends that of each archive that ui.uploader keeps
LOOK = "training_look"  # a ui.training.data_report.Look
RECORDER = "face_recorder"  # a ui.training.recorder.FaceRecorder
DOUBTS = "training_label_check"  # what ui.training.label_check found
