"""What the tests of circuits share: a worm with a question, a network without names."""

from question_fixtures import bare_network, worm_network, worm_result

__all__ = ["bare_network", "worm_network", "worm_result"]
