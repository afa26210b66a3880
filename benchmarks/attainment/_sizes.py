"""What is asked of each connectome: how many steps, and how long the search for the ceiling."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LAMBDAS", "REFERENCE", "SEEDS", "SIZES", "Search", "Size"]

#: The version that wiregrad is compared with.
REFERENCE = "2.9.1"

#: Both of the reference's lambdas; the first is its default.
LAMBDAS = (1e-2, 1e-3, 1e-4, 1e-5)

#: Seeds of wiregrad's two searches; `--seed` is added to both.
SEEDS = (0, 1)


@dataclass(frozen=True)
class Search:
    """A search for the ceiling from many random starts, without a penalty.

    Attributes
    ----------
    starts, iterations : int
    on_tenth : bool
        Whether only a tenth of the targets gets it.
    """

    starts: int
    iterations: int
    on_tenth: bool = False

    @property
    def name(self) -> str:
        """Starts and iterations."""
        return f"{self.starts}x{self.iterations}"


@dataclass(frozen=True)
class Size:
    """What is asked of one connectome.

    Attributes
    ----------
    steps : int
        The targets are asked for at the last of them.
    searches : tuple of Search
    reference_on_tenth : bool
        Whether only a tenth of the targets is put to the reference.
    """

    steps: int
    searches: tuple[Search, ...]
    reference_on_tenth: bool = False


SIZES = {
    "worm": Size(3, (Search(64, 1000),)),
    "larva": Size(5, (Search(64, 1000),)),
    "flywire": Size(5, (Search(16, 300), Search(64, 1000, on_tenth=True)), reference_on_tenth=True),
}
