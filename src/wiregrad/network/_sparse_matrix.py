"""The weights of a network: a CSR matrix that can be multiplied and differentiated through."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor, nn

__all__ = ["SparseMatrix"]

#: A matrix in CSR form: row starts, column indices, values.
Layout = tuple[Tensor, Tensor, Tensor]

# Pushing along the entries of active rows is faster than pulling over all rows while these are at
# most this share of all entries (measured on FlyWire, 2.3M edges, two cores).
_PUSH_BELOW = 0.4


class SparseMatrix(nn.Module):
    """A constant sparse matrix W[post, pre] with a differentiable product.

    The layout by post serves the forward pass. The layout by pre, which the backward pass needs,
    is made the first time a gradient is asked for. From then on, a product with few active neurons
    reads their entries only.

    Parameters
    ----------
    matrix : csr_array
        Square, with ascending indices.

    Attributes
    ----------
    crow, col, values : Tensor
        The matrix in CSR form; buffers, so they follow `.to()` and are in `state_dict()`.

    Notes
    -----
    Cost: 8 bytes an edge, 16 once a gradient has been asked for. A product is one pass over the
    edges, for the whole batch; on a GPU it is torch's CSR product.

    Examples
    --------
    >>> W = SparseMatrix(sparse.csr_array(np.array([[0, 2.0], [0, 0]], dtype=np.float32)))
    >>> W(torch.tensor([[1.0], [3.0]])).tolist()
    [[6.0], [0.0]]
    """

    crow: Tensor
    col: Tensor
    values: Tensor
    crow_by_pre: Tensor | None
    col_by_pre: Tensor | None
    values_by_pre: Tensor | None

    def __init__(self, matrix: sparse.csr_array) -> None:
        super().__init__()
        layout = _layout(matrix, torch.device("cpu"))
        for name, tensor in zip(("crow", "col", "values"), layout, strict=True):
            self.register_buffer(name, tensor)
            self.register_buffer(f"{name}_by_pre", None, persistent=False)
        self.register_load_state_dict_post_hook(_forget_layout_by_pre)  # type: ignore[no-untyped-call]

    @property
    def n_neurons(self) -> int:
        """Number of rows and of columns."""
        return len(self.crow) - 1

    def forward(self, h: Tensor) -> Tensor:
        """Multiply: (n_neurons, batch) to (n_neurons, batch)."""
        product: Tensor = _Product.apply(h, self, False)  # type: ignore[no-untyped-call]
        return product

    def multiply(self, h: Tensor, transposed: bool) -> Tensor:
        """Multiply by W, or by its transpose, without recording a gradient."""
        by_row = self._layout_by_pre() if transposed else self._layout_by_post()
        if self.values.device.type != "cpu":
            return torch.sparse_csr_tensor(*by_row, (self.n_neurons,) * 2) @ h
        by_column = self._layout_by_post() if transposed else self._made_by_pre()
        return torch.from_numpy(_multiply(by_row, by_column, h.detach().contiguous().numpy()))

    def to_coo(self) -> Tensor:
        """Return the matrix as a coalesced torch COO tensor."""
        post = torch.repeat_interleave(self.crow.diff())
        return torch.sparse_coo_tensor(
            torch.stack([post, self.col]).long(),
            self.values.clone(),
            (self.n_neurons,) * 2,
            check_invariants=False,
            is_coalesced=True,
        )

    def to_scipy(self) -> sparse.csr_array:
        """Return the matrix as a scipy array on the CPU; it may share memory."""
        parts = (self.values, self.col, self.crow)
        values, col, crow = (part.detach().cpu().numpy() for part in parts)
        return sparse.csr_array((values, col, crow), shape=(self.n_neurons,) * 2)

    def _layout_by_post(self) -> Layout:
        return self.crow, self.col, self.values

    def _made_by_pre(self) -> Layout | None:
        """Return the layout by pre if it has been made."""
        crow, col, values = self.crow_by_pre, self.col_by_pre, self.values_by_pre
        return None if crow is None or col is None or values is None else (crow, col, values)

    def _layout_by_pre(self) -> Layout:
        made = self._made_by_pre()
        if made is None:
            made = _layout(self.to_scipy().T.tocsr(), self.values.device)
            self.crow_by_pre, self.col_by_pre, self.values_by_pre = made
        return made


class _Product(torch.autograd.Function):
    """y = W h, with the gradient W' g: itself a product, so it can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, matrix: SparseMatrix, transposed: bool) -> Tensor:
        ctx.matrix, ctx.transposed = matrix, transposed
        return matrix.multiply(h, transposed)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return _Product.apply(grad, ctx.matrix, not ctx.transposed), None, None  # type: ignore[no-untyped-call]


def _multiply(by_row: Layout, by_column: Layout | None, h: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Multiply on the CPU by whichever way reads fewer entries; both give the same bits."""
    from ._kernels import active_rows, pull, push  # numba is loaded when it is first needed

    if by_column is not None:
        crow, col, values = (part.numpy() for part in by_column)
        active = active_rows(h)
        if np.sum(crow[active + 1] - crow[active]) < _PUSH_BELOW * len(values):
            return push(crow, col, values, active, h)
    crow, col, values = (part.numpy() for part in by_row)
    return pull(crow, col, values, h)


def _layout(matrix: sparse.csr_array, device: torch.device) -> Layout:
    matrix.sort_indices()
    width = np.int32 if max(matrix.nnz, *matrix.shape) < 2**31 else np.int64
    arrays = matrix.indptr.astype(width), matrix.indices.astype(width), matrix.data
    crow, col, values = (torch.from_numpy(array).to(device) for array in arrays)
    return crow, col, values


def _forget_layout_by_pre(module: SparseMatrix, _: object) -> None:
    module.crow_by_pre = module.col_by_pre = module.values_by_pre = None
