"""The explorer: a page on this machine that asks questions of a connectome."""

from ._serve import serve
from ._session import Session
from ._shelf import Shelf

__all__ = ["Session", "Shelf", "serve"]
