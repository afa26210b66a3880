"""The connectomes that come with the package.

Each function returns a `wiregrad.Connectome`; its `provenance` names the papers to cite.
"""

from .connectome._celegans import celegans
from .connectome._flyvis_column import flyvis_column

__all__ = ["celegans", "flyvis_column"]
