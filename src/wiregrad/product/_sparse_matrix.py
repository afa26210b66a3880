"""The weights of a network: a CSR matrix that can be multiplied and differentiated through."""

from __future__ import annotations

import threading
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor, nn

from ._layouts import Arrays, Blocks, Layout, as_arrays, divide, make_layout
from ._threads import n_threads, run_on

__all__ = ["PUSH_BELOW", "SparseMatrix"]

#: Pushing along the entries of active rows is faster than pulling over all rows while these are at
#: most this share of all entries (measured on FlyWire, 2.3M edges, two cores).
PUSH_BELOW = 0.4

# Guards the layouts of all matrices while they are made; a lock of their own could not be copied.
_lock = threading.RLock()


class SparseMatrix(nn.Module):
    """A sparse matrix W[post, pre] of fixed pattern, with a differentiable product.

    The layout by post serves the forward pass. The layout by pre, which the backward pass needs,
    is made the first time a gradient is asked for. From then on, a product with few active neurons
    reads their entries only. The gradient of the values is computed if they ask for it:
    `matrix.values.requires_grad_()`; they may be changed in place, but not behind PyTorch's back,
    through `.data` or a numpy view: that would go unnoticed.

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
        layout = make_layout(matrix, torch.device("cpu"))
        for name, tensor in zip(("crow", "col", "values"), layout, strict=True):
            self.register_buffer(name, tensor)
            self.register_buffer(f"{name}_by_pre", None, persistent=False)
        self._blocks: dict[tuple[int, bool], Blocks] = {}
        # The values that the layout by pre was made of, and their version.
        self._made_for: Tensor | None = None
        self._made_at = 0

    @property
    def n_neurons(self) -> int:
        """Number of rows and of columns."""
        return len(self.crow) - 1

    def forward(self, h: Tensor) -> Tensor:
        """Multiply: (n_neurons, batch) to (n_neurons, batch)."""
        product: Tensor = _Product.apply(h, self.values, self, False)  # type: ignore[no-untyped-call]
        return product

    def multiply(self, h: Tensor, transposed: bool) -> Tensor:
        """Multiply by W, or by its transpose, without recording a gradient."""
        by_row: Layout = self._layout_by_pre() if transposed else self._layout_by_post()
        if self.values.device.type != "cpu":
            return multiply_on_device(by_row, h)
        with _lock:
            by_column = self._layout_by_post() if transposed else self._made_by_pre()
        return torch.from_numpy(_multiply(by_row, by_column, h.detach().contiguous().numpy()))

    def edge_products(self, post: Tensor, pre: Tensor) -> Tensor:
        """Multiply the ends of every entry, summed over the batch: (n_entries,), in CSR order."""
        if self.values.device.type != "cpu":
            row = torch.repeat_interleave(self.crow.diff())
            return (post[row] * pre[self.col]).sum(dim=1)
        from ._kernels import edge_products

        products = np.empty(len(self.values), post.detach().numpy().dtype)
        g, h = (end.detach().contiguous().numpy() for end in (post, pre))
        crow, col, _ = as_arrays(self._layout_by_post())
        with run_on(n_threads()):
            edge_products(crow, col, g, h, products)
        return torch.from_numpy(products)

    def to_coo(self) -> Tensor:
        """Return the matrix as a coalesced torch COO tensor."""
        post = torch.repeat_interleave(self.crow.diff())
        return torch.sparse_coo_tensor(
            torch.stack([post, self.col]).long(),
            self.values.detach().clone(),
            (self.n_neurons,) * 2,
            check_invariants=False,
            is_coalesced=True,
        )

    def to_scipy(self, *, copy: bool = True) -> sparse.csr_array:
        """Return the matrix as a scipy array on the CPU; without a copy it may share memory."""
        parts = (self.values, self.col, self.crow)
        values, col, crow = (part.detach().cpu().numpy() for part in parts)
        return sparse.csr_array((values, col, crow), shape=(self.n_neurons,) * 2, copy=copy)

    @property
    def has_layout_by_pre(self) -> bool:
        """Whether the layout that gradients need is there, and up to date."""
        return self._made_by_pre() is not None

    def arrays(self, n_blocks: int, *, by_pre: bool) -> tuple[Arrays, Arrays, Blocks]:
        """Return both layouts as the kernels take them, and blocks of postsynaptic neurons.

        Parameters
        ----------
        n_blocks : int
            Blocks of about as many edges each, one for each thread.
        by_pre : bool
            Whether the layout by pre is needed. Otherwise it is empty unless it is there.
        """
        with _lock:
            made = self._layout_by_pre() if by_pre else self._made_by_pre()
            by_post = as_arrays(self._layout_by_post())
            key = (n_blocks, made is not None)
            if key not in self._blocks:
                self._blocks[key] = divide(
                    by_post, None if made is None else as_arrays(made), n_blocks
                )
            crow, col, values = by_post
            absent = (crow[:0], col[:0], values[:0])
            return by_post, absent if made is None else as_arrays(made), self._blocks[key]

    def _layout_by_post(self) -> Layout:
        return self.crow, self.col, self.values

    def _made_by_pre(self) -> Layout | None:
        """Return the layout by pre if it has been made of the values as they are."""
        crow, col, values = self.crow_by_pre, self.col_by_pre, self.values_by_pre
        current = self._made_for is self.values and self._made_at == self.values._version
        if crow is None or col is None or values is None or not current:
            return None
        return crow, col, values

    def _layout_by_pre(self) -> Layout:
        with _lock:
            made = self._made_by_pre()
            if made is None:
                self._blocks = {}
                made = make_layout(self.to_scipy(copy=False).T.tocsr(), self.values.device)
                self.crow_by_pre, self.col_by_pre, self.values_by_pre = made
                self._made_for, self._made_at = self.values, self.values._version
            return made


class _Product(torch.autograd.Function):
    """y = W h, with the gradient W' g: itself a product, so it can be differentiated again."""

    @staticmethod
    def forward(
        ctx: Any, h: Tensor, values: Tensor, matrix: SparseMatrix, transposed: bool
    ) -> Tensor:
        ctx.matrix, ctx.transposed = matrix, transposed
        ctx.save_for_backward(h if ctx.needs_input_grad[1] else h[:0], values)
        return matrix.multiply(h, transposed)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        h, values = ctx.saved_tensors
        d_h = d_values = None
        if ctx.needs_input_grad[0]:
            d_h = _Product.apply(grad, values, ctx.matrix, not ctx.transposed)  # type: ignore[no-untyped-call]
        if ctx.needs_input_grad[1]:
            post, pre = (h, grad) if ctx.transposed else (grad, h)
            d_values = _EdgeProducts.apply(post, pre, ctx.matrix)  # type: ignore[no-untyped-call]
        return d_h, d_values, None, None


class _EdgeProducts(torch.autograd.Function):
    """The gradient of the values: for every entry, post times pre, summed over the batch."""

    @staticmethod
    def forward(ctx: Any, post: Tensor, pre: Tensor, matrix: SparseMatrix) -> Tensor:
        ctx.save_for_backward(post, pre)
        ctx.matrix = matrix
        return matrix.edge_products(post, pre)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None]:
        post, pre = ctx.saved_tensors
        crow, col = ctx.matrix.crow.long(), ctx.matrix.col.long()
        row = torch.repeat_interleave(crow.diff())
        d_post = torch.zeros_like(post).index_add(0, row, grad.unsqueeze(1) * pre[col])
        d_pre = torch.zeros_like(pre).index_add(0, col, grad.unsqueeze(1) * post[row])
        return d_post, d_pre, None


def multiply_on_device(by_row: Layout, h: Tensor) -> Tensor:
    """Multiply with torch's own CSR product: what runs on a GPU. It asks nothing of the host.

    Examples
    --------
    >>> layout = (torch.tensor([0, 1, 1]), torch.tensor([1]), torch.tensor([2.0]))
    >>> multiply_on_device(layout, torch.tensor([[1.0], [3.0]])).tolist()
    [[6.0], [0.0]]
    """
    crow, col, values = by_row
    n = len(crow) - 1
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        matrix = torch.sparse_csr_tensor(crow, col, values.detach(), (n, n), check_invariants=False)
    product: Tensor = matrix @ h
    return product


def _multiply(by_row: Layout, by_column: Layout | None, h: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Multiply on the CPU by whichever way reads fewer entries; both give the same bits."""
    from ._kernels import active_rows, pull, push  # numba is loaded when it is first needed

    if by_column is not None:
        crow, col, values = as_arrays(by_column)
        active = active_rows(h)
        if np.sum(crow[active + 1] - crow[active]) < PUSH_BELOW * len(values):
            return push(crow, col, values, active, h)
    crow, col, values = as_arrays(by_row)
    return pull(crow, col, values, h)
