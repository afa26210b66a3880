"""One problem of training: losses and gradients of an ensemble of starts, at its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..network import MultilayeredNetwork, has_room
from ._copies import side_by_side
from ._losses import Measured
from ._observation import Observation, Readout
from ._parameters import FreeParameters
from ._reading import Reading
from ._recording import Rows

__all__ = ["Evaluation", "Problem"]

IndexArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Losses of each start at one set of parameters, arrays of shape (n_starts,).

    Attributes
    ----------
    data, penalty : ndarray of float64
        What is made small is their sum.
    held_out : ndarray of float64
        Of the stimuli held out; NaN without any.
    seen : Tensor, shape (n_starts, n_rows)
        Of all rows, those trained on first.
    readout : Readout
    """

    data: npt.NDArray[np.float64]
    penalty: npt.NDArray[np.float64]
    held_out: npt.NDArray[np.float64]
    seen: Tensor
    readout: Readout


class Problem:
    """Runs copies of a network side by side on what is trained on and what is held out.

    Parameters
    ----------
    network : MultilayeredNetwork
        It is not changed.
    free : FreeParameters
    stimuli : Tensor, shape (batch, sensory, num_layers)
    rows : Rows
    train, held_out : ndarray of int64
        Members.
    loss : callable
        One of LOSSES.
    observation : Observation
    batch_size : int or None
        Members of a step; None: all.
    leak, window
        As for `Watch`.
    """

    def __init__(
        self,
        network: MultilayeredNetwork,
        free: FreeParameters,
        stimuli: Tensor,
        rows: Rows,
        train: IndexArray,
        held_out: IndexArray,
        *,
        loss: Callable[[Tensor, Measured], Tensor],
        observation: Observation,
        batch_size: int | None,
        leak: float,
        window: int | None,
    ) -> None:
        self.free, self._loss, self._observation = free, loss, observation
        self._copies = side_by_side(network, free.n_starts)
        self._tensors = free.tensors_of(self._copies)
        for tensor in self._tensors.values():
            tensor.requires_grad_()
        self._stimuli, self._rows, self._train = stimuli, rows, train
        self._kernel = observation.kernel(network.num_layers)
        self._leak = self._leak_now = leak
        self._window = window
        self.rows = rows.of_members(np.concatenate([train, held_out]))
        self._n_train = len(rows.of_members(train))
        self._measured = Measured.of_rows(rows.of_members(train))
        self._measured_held_out = Measured.of_rows(rows.of_members(held_out))
        self.whole = batch_size is None or batch_size >= len(train)
        self._batch_size = len(train) if batch_size is None else batch_size
        members = np.concatenate([train, held_out])
        # A function of the user's own may look across the batch.
        joined = (
            self.whole
            and network.custom_activation_function is None
            and has_room(network, len(members) * free.n_starts)
        )
        if joined:
            parts = [members]
        elif self.whole:
            parts = [train, *_chunks(held_out, self._batch_size)]
        else:
            parts = [*_chunks(train, self._batch_size), *_chunks(held_out, self._batch_size)]
        measured = [part for part in parts if len(rows.of_members(part))]
        self._parts = [(self._reading(part), self._stimuli_of(part)) for part in measured]
        self._measured_parts = measured

    def fade(self, factor: float) -> None:
        """Follow a gradient with so much of the slope below the threshold from now on."""
        if self._leak * factor == self._leak_now:
            return
        self._leak_now = self._leak * factor
        stimuli = [stimuli for _, stimuli in self._parts]
        self._parts = []  # their memory is needed
        readings = map(self._reading, self._measured_parts)
        self._parts = list(zip(readings, stimuli, strict=True))

    def evaluate(self, gradient: bool) -> Evaluation:
        """Work out the losses; with `gradient`, which needs `whole`, also that of each start.

        It is left in `grad` of the free numbers.
        """
        values = self.free.values()
        entries = self.free.entries(values)
        self.free.write(self._copies, entries)
        seen = []
        for number, (reading, stimuli) in enumerate(self._parts):
            with torch.set_grad_enabled(gradient and number == 0):
                seen.append(reading(stimuli))
        all_seen = torch.cat(seen, dim=1)
        trained, held_out = all_seen[:, : self._n_train], all_seen[:, self._n_train :]
        with torch.set_grad_enabled(gradient):
            readout = self._fit(trained, self._measured)
            data = self._loss(readout(trained, self._measured.channel), self._measured)
            penalty = self.free.penalty(values)
        if gradient:
            self._carry_back(data, penalty, entries)
        readout = readout.detach()
        return Evaluation(
            data.detach().numpy(),
            penalty.detach().numpy(),
            self._loss_held_out(held_out.detach(), readout),
            all_seen.detach(),
            readout,
        )

    def batches(self, epoch: int, seed: int, readout: Readout) -> Iterator[None]:
        """Leave the gradient of each minibatch in `grad` of the free numbers, one by one.

        The readout is that of all training stimuli, before the first of these steps.
        """
        order = np.random.default_rng([seed, epoch]).permutation(len(self._train))
        for batch in _chunks(self._train[order], self._batch_size):
            measured = Measured.of_rows(self._rows.of_members(batch))
            if not len(measured):
                continue
            values = self.free.values()
            entries = self.free.entries(values)
            self.free.write(self._copies, entries)
            with torch.enable_grad():
                seen = self._reading(batch)(self._stimuli_of(batch))
                data = self._loss(readout(seen, measured.channel), measured)
                self._carry_back(data, self.free.penalty(values), entries)
            yield

    def entries(self) -> dict[str, Tensor]:
        """Return the network's entries of each start as they are now."""
        with torch.no_grad():
            return self.free.entries(self.free.values())

    def predictions(self, evaluation: Evaluation) -> Tensor:
        """Return what is predicted of each of `rows`, (n_starts, n_rows)."""
        return evaluation.readout(evaluation.seen, torch.from_numpy(self.rows.channel))

    def _carry_back(self, data: Tensor, penalty: Tensor, entries: dict[str, Tensor]) -> None:
        tensors = list(self._tensors.values())
        if not data.requires_grad:
            raise ValueError(
                "there is nothing to train: the activation function that was given to the network "
                "does not use what is trained"
            )
        found = torch.autograd.grad(data.sum(), tensors, allow_unused=True)
        for number in self.free.free.values():
            number.grad = None
        outputs, gradients = [], []
        for name, gradient in zip(self._tensors, found, strict=True):
            if gradient is not None:
                outputs.append(entries[name])
                gradients.append(gradient.double().cpu().view(entries[name].shape))
        if penalty.requires_grad:
            outputs.append(penalty.sum())
            gradients.append(torch.ones((), dtype=torch.float64))
        if outputs:
            torch.autograd.backward(outputs, gradients)

    def _reading(self, members: IndexArray) -> Reading:
        return Reading(
            self._copies,
            self.free.n_starts,
            self._rows.of_members(members),
            self._kernel,
            leak=self._leak_now,
            window=self._window,
        )

    def _stimuli_of(self, members: IndexArray) -> Tensor:
        """Return the stimuli of some members, for the inputs of all copies."""
        stimuli = self._stimuli[torch.from_numpy(members)]
        return stimuli.repeat(1, self.free.n_starts, 1)

    def _fit(self, seen: Tensor, measured: Measured) -> Readout:
        return self._observation.fit(
            seen, measured.value, measured.weight, measured.channel, measured.n_channels
        )

    def _loss_held_out(self, seen: Tensor, readout: Readout) -> npt.NDArray[np.float64]:
        measured = self._measured_held_out
        if not len(measured):
            return np.full(len(seen), np.nan)
        losses: npt.NDArray[np.float64] = self._loss(
            readout(seen, measured.channel), measured
        ).numpy()
        return losses


def _chunks(members: IndexArray, size: int) -> list[IndexArray]:
    return [members[first : first + size] for first in range(0, len(members), size)]
