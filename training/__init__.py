"""Training: from folders of photos to an installed model, by command. TensorFlow lives here."""
