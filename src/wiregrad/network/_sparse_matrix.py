"""The weights of a network: a CSR matrix that can be multiplied and differentiated through."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor, nn

__all__ = ["SparseMatrix"]


class SparseMatrix(nn.Module):
    """A constant sparse matrix W[post, pre] with a differentiable product.

    The layout by post serves the forward pass. The layout by pre, which the backward pass needs,
    is made the first time a gradient is asked for.

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
        for name, tensor in _buffers(matrix).items():
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
        crow, col, values = self._layout_by_pre() if transposed else self._layout_by_post()
        if values.device.type != "cpu":
            csr = torch.sparse_csr_tensor(crow, col, values, (self.n_neurons,) * 2)
            return csr @ h
        from ._kernels import pull  # numba is loaded when it is first needed

        product = pull(crow.numpy(), col.numpy(), values.numpy(), h.detach().contiguous().numpy())
        return torch.from_numpy(product)

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

    def _layout_by_post(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.crow, self.col, self.values

    def _layout_by_pre(self) -> tuple[Tensor, Tensor, Tensor]:
        crow, col, values = self.crow_by_pre, self.col_by_pre, self.values_by_pre
        if crow is None or col is None or values is None:
            made = _buffers(self.to_scipy().T.tocsr())
            crow, col, values = (tensor.to(self.values.device) for tensor in made.values())
            self.crow_by_pre, self.col_by_pre, self.values_by_pre = crow, col, values
        return crow, col, values


class _Product(torch.autograd.Function):
    """y = W h, with the gradient W' g: itself a product, so it can be differentiated again."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, matrix: SparseMatrix, transposed: bool) -> Tensor:
        ctx.matrix, ctx.transposed = matrix, transposed
        return matrix.multiply(h, transposed)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return _Product.apply(grad, ctx.matrix, not ctx.transposed), None, None  # type: ignore[no-untyped-call]


def _buffers(matrix: sparse.csr_array) -> dict[str, Tensor]:
    matrix.sort_indices()
    width = np.int32 if max(matrix.nnz, *matrix.shape) < 2**31 else np.int64
    return {
        "crow": torch.from_numpy(matrix.indptr.astype(width)),
        "col": torch.from_numpy(matrix.indices.astype(width)),
        "values": torch.from_numpy(matrix.data),
    }


def _forget_layout_by_pre(module: SparseMatrix, _: object) -> None:
    module.crow_by_pre = module.col_by_pre = module.values_by_pre = None
