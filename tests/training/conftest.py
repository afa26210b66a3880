"""What the tests of training share."""

from question_fixtures import worm_network
from thread_fixtures import one_thread

__all__ = ["one_thread", "worm_network"]
