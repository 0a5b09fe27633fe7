"""The Live page: the camera's stream, single shots and video files."""
