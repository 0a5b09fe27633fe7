"""What holds for all tests."""

# First of all: loaded after TensorFlow, whose library brings cryptography of its own, its
# extension module ends the process (pylibsrtp 1.0, tensorflow 2.21). The app never loads
# both: training is another process.
import pylibsrtp  # noqa: F401
