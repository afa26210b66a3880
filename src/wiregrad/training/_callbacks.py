"""Callbacks: who is told of a training while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeGuard

from ..gradients import WandbLog

__all__ = ["Callback", "Listener", "TensorBoardLog", "WeightsAndBiasesLog", "told"]


class Callback(Protocol):
    """What a training tells: that it begins, each epoch, and that it ends, whatever happens."""

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Hear the settings, before any work."""

    def epoch(self, number: int, losses: Mapping[str, float]) -> None:
        """Hear the losses before an epoch's steps."""

    def end(self) -> None:
        """Close what was opened."""


#: A callback, or a function of the epoch and its losses.
Listener: TypeAlias = Callback | Callable[[int, Mapping[str, float]], None]


class TensorBoardLog:
    """Writes every epoch's losses for TensorBoard.

    Parameters
    ----------
    folder : path
        Where TensorBoard is told to look.

    Raises
    ------
    ImportError
        When it begins, if tensorboard is not installed.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Open the log."""
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise ImportError(
                "tensorboard is not installed: pip install tensorboard, or leave TensorBoardLog out"
            ) from None
        self._writer = SummaryWriter(str(self._folder))
        lines = "\n".join(f"    {name}: {value}" for name, value in settings.items())
        self._writer.add_text("settings", lines)

    def epoch(self, number: int, losses: Mapping[str, float]) -> None:
        """Write an epoch's losses."""
        for name, value in losses.items():
            self._writer.add_scalar(name, value, number)

    def end(self) -> None:
        """Close the log."""
        if hasattr(self, "_writer"):
            self._writer.close()


class WeightsAndBiasesLog:
    """Logs every epoch's losses to Weights & Biases.

    Parameters
    ----------
    project : str

    Raises
    ------
    ImportError
        If wandb is not installed.
    """

    def __init__(self, project: str = "wiregrad") -> None:
        self._log, self._open = WandbLog(True, project), ExitStack()

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Open the run."""
        self._open.enter_context(self._log.run(settings))

    def epoch(self, number: int, losses: Mapping[str, float]) -> None:
        """Log an epoch's losses."""
        self._log.log(epoch=number, **losses)

    def end(self) -> None:
        """Close the run."""
        self._open.close()


def _is_callback(listener: Listener) -> TypeGuard[Callback]:
    return all(hasattr(listener, name) for name in ("begin", "epoch", "end"))


@contextmanager
def told(
    listeners: Sequence[Listener], settings: Mapping[str, Any]
) -> Iterator[Callable[[int, Mapping[str, float]], None]]:
    """Open callbacks; yield what tells them all of an epoch; close them whatever happens."""
    with ExitStack() as stack:
        for listener in listeners:
            if _is_callback(listener):
                stack.callback(listener.end)
                listener.begin(settings)
            elif not callable(listener):
                raise TypeError(
                    "a callback is a function of the epoch and its losses, or has the methods "
                    f"begin, epoch and end; {listener!r} is neither"
                )

        def tell(number: int, losses: Mapping[str, float]) -> None:
            for listener in listeners:
                if _is_callback(listener):
                    listener.epoch(number, losses)
                elif callable(listener):
                    listener(number, losses)

        yield tell
