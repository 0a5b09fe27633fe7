"""What can go wrong, each error carrying a sentence a person can act on."""


class MasklensError(Exception):
    """Base of every error Masklens raises on purpose; ``str(error)`` is fit to be shown."""


class ImageError(MasklensError):
    """A picture that cannot be read, or that is refused before it is decoded."""


class ModelError(MasklensError):
    """A model file that is missing, damaged or not what its card says."""


class VideoError(MasklensError):
    """A video that cannot be read, or that is refused before it is decoded."""
