"""The report: a result as a page that can be read without Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from torch import Tensor

from ..circuits import BestPaths, Circuit, CircuitComparison
from ..experiments import LesionScreen, NullComparison, SweepResult
from ..gradients import Attribution, MaximisationResult
from ..network import MultilayeredNetwork
from ..training import CrossValidation, FitResult, TrainingResult
from ._attribution_page import attribution_page
from ._circuit_page import circuit_page, comparison_page, paths_page
from ._fit_page import cross_validation_page, fit_page
from ._maximisation_page import maximisation_page
from ._null_page import lesion_page, null_page
from ._plotly import graph_objects
from ._saliency_page import saliency_page
from ._sweep_page import sweep_page
from ._training_page import training_page
from ._write import check_writable, write_text

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._html import Page

__all__ = ["Reportable", "has_report", "report"]

#: What there is a report of.
Reportable: TypeAlias = (
    "MaximisationResult | SweepResult | TrainingResult | FitResult | CrossValidation | Attribution"
    " | LesionScreen | NullComparison | Circuit | BestPaths | CircuitComparison"
    " | npt.NDArray[np.floating] | Tensor"
)


#: What makes the page of each kind of result, and its name.
_PAGES: Mapping[type, Callable[[Any, MultilayeredNetwork | None, str | None], tuple[Page, str]]] = {
    MaximisationResult: maximisation_page,
    SweepResult: lambda result, _, title: sweep_page(result, title),
    TrainingResult: lambda result, _, title: training_page(result, title),
    FitResult: fit_page,
    CrossValidation: lambda result, _, title: cross_validation_page(result, title),
    Attribution: attribution_page,
    LesionScreen: lesion_page,
    NullComparison: lambda result, _, title: null_page(result, title),
    Circuit: lambda result, _, title: circuit_page(result, title),
    BestPaths: lambda result, _, title: paths_page(result, title),
    CircuitComparison: lambda result, _, title: comparison_page(result, title),
    np.ndarray: saliency_page,
    Tensor: saliency_page,
}


def has_report(result: object) -> bool:
    """Say whether there is a report of a kind of result.

    Examples
    --------
    >>> has_report(np.zeros((2, 3))), has_report("a text")
    (True, False)
    """
    return isinstance(result, tuple(_PAGES))


def report(
    result: Reportable,
    path: str | Path | None = None,
    *,
    network: MultilayeredNetwork | None = None,
    title: str | None = None,
) -> Path:
    """Write a result as a self-contained HTML page, which opens without a network connection.

    Of activation maximisation it says what was asked and of which connectome, what the targets
    attain, what the stimulus is, how the cell types are active, what circuit carries the activity,
    how the search went, and how to repeat it; of a batch, the first 6 members get sections of their
    own, and all are in a table. Of a sweep: what every problem attains, with how many inputs. Of a
    training: its losses and parameters. Of a fit: how it went, what is predicted, held out too,
    values before and after with their spread, and stability; of a cross-validation: every fold. Of
    an attribution: the sources that carry the response, what of it is accounted for, and what came
    of ablating some. Of a lesion screen: what the response needs, beside null models if there were
    any; of a comparison with null models: every number beside theirs. Of a circuit, paths or a
    comparison of circuits: the picture and the tables. Of a saliency map: which inputs raise and
    which lower the response. Tables can be taken away as CSV files.

    Parameters
    ----------
    result : MaximisationResult, SweepResult, TrainingResult, FitResult, CrossValidation, \
Attribution, LesionScreen, NullComparison, Circuit, BestPaths, CircuitComparison, or a saliency \
map (ndarray or Tensor, shape (sensory, step))
    path : str or Path, optional
        Where to write it; an existing file is replaced. By default a name made from connectome,
        targets and seed, such as `wiregrad-c-elegans-aval-and-avar-seed0.html`, in the current
        folder.
    network : MultilayeredNetwork, optional
        The network that was asked; needed for a result that was pickled or copied, which does not
        hold it, and for a saliency map. A lesion screen, or an attribution or a fit that was
        loaded, has a fuller page with it.
    title : str, optional
        Heading of the page.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ModuleNotFoundError
        If plotly is not installed: pip install "wiregrad[plot]".
    ValueError
        If the network is not there, or is not the one that was asked.
    TypeError
        If `result` is of another kind.
    OSError
        If the file cannot be written: FileNotFoundError if its folder does not exist,
        PermissionError if it is not writable.

    Notes
    -----
    Cost: about three passes over the edges for each step and member shown; the page takes 5 MB,
    nearly all of it plotly's JavaScript.

    Examples
    --------
    >>> import tempfile
    >>> import wiregrad as wg
    >>> worm = wg.datasets.celegans()
    >>> network = wg.MultilayeredNetwork.from_connectome(worm, inputs="role=sensory", steps=3)
    >>> asked = wg.TargetActivation({2: {"AVA": 0.9}})
    >>> result = wg.activation_maximisation(network, asked, seed=0, use_tqdm=False)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report(result, Path(folder) / "worm.html").name
    'worm.html'
    """
    graph_objects()  # if plotly is missing, say so before any work
    check_writable(Path("report.html" if path is None else path))
    page, name = _page_of(result, network, title)
    path = Path(_default_name(name) if path is None else path)
    write_text(path, page.html())
    return path


def _page_of(
    result: Any, network: MultilayeredNetwork | None, title: str | None
) -> tuple[Page, str]:
    """Make the page of a result, and name it in words that a file can be called by."""
    for kind, make in _PAGES.items():
        if isinstance(result, kind):
            return make(result, network, title)
    raise TypeError(
        f"there is no report of a {type(result).__name__}: there is one of what "
        "activation_maximisation, sweep, train_model, Trainer.fit, Trainer.cross_validate, "
        "attribution, saliency, lesion_screen, ask_of_nulls, circuit, best_paths and "
        "compare_circuits return"
    )


def _default_name(words: str) -> str:
    seed = re.search(r"seed-?[0-9]+$", words)
    ending = f"-{seed[0]}" if seed else ""
    slug = re.sub(r"[^a-z0-9]+", "-", words.removesuffix(ending[1:]).casefold())[:60].strip("-")
    return f"wiregrad-{slug}{ending}.html"
