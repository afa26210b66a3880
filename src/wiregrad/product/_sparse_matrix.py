"""The weights of a network: a sparse matrix that can be multiplied and differentiated through."""

from __future__ import annotations

import threading
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor, nn

from ._aligned import widened
from ._changes import Stamp, same_stamp, stamp_of
from ._layouts import Arrays, Blocks, Layout, as_arrays, count_in_edges, divide, make_layout
from ._rows_at_hand import RowsAtHand, SomeRows
from ._threads import n_threads, run_on
from ._tile_shape import TileShape
from ._ways import Ways, ways_for

if TYPE_CHECKING:
    from ._tiles import Tiles

__all__ = ["MatrixArrays", "SparseMatrix"]

#: A matrix of up to so many entries (8 bytes each) may have a layout by post too: it saves a search
#: on FlyWire about a tenth of its time, which the memory of a whole brain is not worth.
FEW_EDGES = 8_000_000

# A layout takes as long to make as some dozens of products. Where values have changed already, as
# in training, they are made only after so many products that would have been faster by them.
_DOZENS = 50

# Guards the layouts of all matrices while they are made; a lock of their own could not be copied.
_lock = threading.RLock()


class MatrixArrays(NamedTuple):
    """A matrix as the kernels take it.

    Attributes
    ----------
    pre : (indptr, indices, values)
        In CSC form.
    post : (indptr, indices, values)
        In CSR form; without indices and values unless there is that layout.
    tiles : Tiles
        Empty unless there is that layout.
    blocks : Blocks
        For threads to share.
    some : SomeRows or None
        Rows of the layout by post that are there where the whole of it is not.
    """

    pre: Arrays
    post: Arrays
    tiles: Tiles
    blocks: Blocks
    some: SomeRows | None


class SparseMatrix(nn.Module):
    """A sparse matrix W[post, pre] of fixed pattern, with a differentiable product.

    It is stored by pre, which serves where few neurons are active or few gradients wanted. Other
    layouts are made once a product has come that would have been faster by them: in tiles, which
    serves where many neurons are active, forward and backward, for a column alone and for batches
    each their own; and by post, which serves where few neurons have a gradient, of a matrix with
    few entries wholly and of a larger one the rows that were lacking. All give the same bits. The
    gradient of the values is computed if they ask for it: `matrix.values.requires_grad_()`; they
    may be changed in place, but not behind PyTorch's back, through `.data` or a numpy view: that
    would go unnoticed.

    Parameters
    ----------
    matrix : csr_array
        Square; it is copied.

    Attributes
    ----------
    ccol, row, values : Tensor
        The matrix in CSC form; buffers, so they follow `.to()` and are in `state_dict()`.

    Notes
    -----
    Cost: 8 bytes an edge, 6 for tiles of either kind, and 8 for a layout by post. A product is one
    pass over the edges, for the whole batch; on a GPU it is torch's CSR product.

    Examples
    --------
    >>> W = SparseMatrix(sparse.csr_array(np.array([[0, 2.0], [0, 0]], dtype=np.float32)))
    >>> W(torch.tensor([[1.0], [3.0]])).tolist()
    [[6.0], [0.0]]
    """

    ccol: Tensor
    row: Tensor
    values: Tensor
    _in_edges: npt.NDArray[Any] | None
    _tiles: dict[TileShape, Tiles]
    _by_post: Layout | None
    _blocks: dict[tuple[int, bool, int], Blocks]
    _wants_tiles: set[TileShape]
    _wants_by_post: bool
    _rows: RowsAtHand
    #: Products since values changed that would have been faster by another layout, if they did.
    _waited: int | None
    #: The buffers that all these were made of, and their versions.
    _made_of: Stamp

    def __init__(self, matrix: sparse.csr_array) -> None:
        super().__init__()
        layout = make_layout(matrix.tocsc(copy=True), torch.device("cpu"))
        for name, tensor in zip(("ccol", "row", "values"), layout, strict=True):
            self.register_buffer(name, tensor)
        self._clear()

    @property
    def n_neurons(self) -> int:
        """Number of rows and of columns."""
        return len(self.ccol) - 1

    def forward(self, h: Tensor) -> Tensor:
        """Multiply: (n_neurons, batch) to (n_neurons, batch)."""
        product: Tensor = _Product.apply(h, self.values, self, False)  # type: ignore[no-untyped-call]
        return product

    def multiply(self, h: Tensor, transposed: bool) -> Tensor:
        """Multiply by W, or by its transpose, without recording a gradient."""
        if self.values.device.type != "cpu":
            return multiply_on_device(self._by_pre() if transposed else self._layout_by_post(), h)
        product = self._multiply(widened(h.detach().numpy()), transposed)
        return torch.from_numpy(product)[:, : h.shape[1]].contiguous()

    def _multiply(self, h: npt.NDArray[Any], transposed: bool) -> npt.NDArray[Any]:
        """Multiply on the CPU by whichever way reads less; all give the same bits."""
        from ._kernels import active_rows, pull, pull_all, push  # numba is loaded when first needed
        from ._row_lists import count_edges

        batch = h.shape[1]
        by = self.arrays(n_threads(), batch)
        source, other = (by.post, by.pre) if transposed else (by.pre, by.post)
        active, starts = active_rows(h), source[0]
        limit = self.ways(batch).push_below * len(self.values)
        few = count_edges(starts, active) < limit
        few = few and (not transposed or self.may_be_by_post)
        shares = (
            (by.blocks.pre, by.blocks.split_back)
            if transposed
            else (by.blocks.post, by.blocks.split)
        )
        if few and len(source[1]):
            return push(*source, active, h, shares)
        # What fills the gaps of tiles is 0 times something, which must not be infinite.
        if not few and len(by.tiles[1]) and np.isfinite(h).all():
            return pull_all(by.tiles, transposed, shares[0], active, h)
        self.ask_for(tiles_for=None if few else batch, by_post=few)
        return pull(*other, h) if len(other[1]) else push(*source, active, h, shares)

    def ways(self, batch: int) -> Ways:
        """Say up to which shares of the edges a push or a pull along rows is the fastest."""
        shape = self._shape_for(batch)
        return ways_for(shape.entries_by_column(self.n_neurons, len(self.values)), batch)

    def _shape_for(self, batch: int) -> TileShape:
        return TileShape.of(self.n_neurons, len(self.values), batch)

    def edge_products(self, post: Tensor, pre: Tensor) -> Tensor:
        """Multiply the ends of every entry, summed over the batch: (n_entries,), in CSC order."""
        if self.values.device.type != "cpu":
            column = torch.repeat_interleave(self.ccol.diff())
            return (post[self.row] * pre[column]).sum(dim=1)
        from ._kernels import edge_products

        products = np.empty(len(self.values), post.detach().numpy().dtype)
        g, h = (end.detach().contiguous().numpy() for end in (post, pre))
        ccol, row, _ = as_arrays(self._by_pre())
        with run_on(n_threads()):
            edge_products(ccol, row, h, g, products)
        return torch.from_numpy(products)

    def entries(
        self, pre: npt.NDArray[np.int64] | None, post: npt.NDArray[np.int64] | None
    ) -> npt.NDArray[np.int64]:
        """List the entries from some neurons to some, None for all: places in `values`.

        Notes
        -----
        Cost: a pass over the edges of `pre`.
        """
        ccol, row = self.ccol.cpu().numpy().astype(np.int64), self.row.cpu().numpy()
        own: npt.NDArray[np.int64] | slice = slice(None)
        if pre is not None:
            ranges = (np.arange(ccol[i], ccol[i + 1]) for i in np.unique(pre))
            own = np.concatenate([np.empty(0, np.int64), *ranges])
        wanted = np.full(self.n_neurons, post is None)
        wanted[[] if post is None else post] = True
        chosen = np.flatnonzero(wanted[row[own]])
        return chosen if isinstance(own, slice) else own[chosen]

    def with_values(self, values: Tensor) -> SparseMatrix:
        """Return a matrix of the same pattern, which it shares, with other values.

        Layouts are made anew, when they are needed.
        """
        other = SparseMatrix.__new__(SparseMatrix)
        nn.Module.__init__(other)
        for name, tensor in (("ccol", self.ccol), ("row", self.row), ("values", values)):
            other.register_buffer(name, tensor)
        other._clear()
        return other

    def to_coo(self) -> Tensor:
        """Return the matrix as a coalesced torch COO tensor."""
        matrix = self.to_scipy().tocoo()
        return torch.sparse_coo_tensor(
            torch.from_numpy(np.stack(matrix.coords).astype(np.int64)),
            torch.from_numpy(matrix.data),
            (self.n_neurons,) * 2,
            device=self.values.device,
            check_invariants=False,
            is_coalesced=True,
        )

    def to_scipy(self) -> sparse.csr_array:
        """Return a copy of the matrix as a scipy array on the CPU."""
        parts = (self.values, self.row, self.ccol)
        values, row, ccol = (part.detach().cpu().numpy() for part in parts)
        by_pre = sparse.csc_array((values, row, ccol), shape=(self.n_neurons,) * 2)
        by_post: sparse.csr_array = by_pre.tocsr()
        return by_post

    @property
    def stamp(self) -> Stamp:
        """The buffers as they are now: to see later whether they have changed."""
        return stamp_of(*self._by_pre())

    @property
    def may_be_by_post(self) -> bool:
        """Whether the matrix is small enough for a layout by post."""
        return len(self.values) <= FEW_EDGES

    def bytes_to_come(self, batch: int) -> int:
        """About what layouts which a batch may need, and which are not there yet, would take."""
        with _lock:
            self._forget_if_changed()
            never = self.ways(batch).push_below > 1
            there = never or self._shape_for(batch) in self._tiles
            tiles = 0 if there else len(self.values) * 2 + self.values.nbytes
            on_device = self.values.device.type != "cpu"
            by_post = self._by_post is None and (self.may_be_by_post or on_device)
            return (0 if on_device else tiles) + by_post * (self.row.nbytes + self.values.nbytes)

    def ask_for(
        self,
        *,
        tiles_for: int | None = None,
        by_post: bool = False,
        rows: npt.NDArray[np.integer] | None = None,
    ) -> None:
        """Have further layouts made for the next product; later, if values have changed before.

        Parameters
        ----------
        tiles_for : int, optional
            The batch to make tiles for.
        by_post : bool
            Of a small matrix alone.
        rows : ndarray of int, optional
            Of a larger one: which rows of that layout would have been of use.
        """
        with _lock:
            self._forget_if_changed()
            if self._waited is not None:
                self._waited += 1
                if self._waited < _DOZENS:
                    return
            if tiles_for is not None:
                self._wants_tiles.add(self._shape_for(tiles_for))
            self._wants_by_post |= by_post and self.may_be_by_post
            if rows is not None:
                self._rows.lack(rows, self.n_neurons)

    def arrays(self, n_blocks: int, batch: int) -> MatrixArrays:
        """Return the matrix as the kernels take it, with blocks of neurons for some threads.

        The tiles are of the kind for that batch, and serve no other.
        """
        from ._tiles import make_tiles, no_tiles

        shape = self._shape_for(batch)
        with _lock:
            self._forget_if_changed()
            by_pre = as_arrays(self._by_pre())
            if shape in self._wants_tiles and shape not in self._tiles:
                self._tiles[shape] = make_tiles(*by_pre, shape)
            if self._in_edges is None:
                self._in_edges = count_in_edges(by_pre)
            by_post = self._in_edges, by_pre[1][:0], by_pre[2][:0]
            if self._wants_by_post:
                by_post = as_arrays(self._layout_by_post())
            key = n_blocks, self._wants_by_post, shape.width
            if key not in self._blocks:
                self._blocks[key] = divide(by_pre, by_post, n_blocks, shape.width)
            tiles = self._tiles.get(shape) or no_tiles(by_pre[2])
            some = self._rows.get(by_pre, self._in_edges, self._blocks[key].pre)
            return MatrixArrays(by_pre, by_post, tiles, self._blocks[key], some)

    def _by_pre(self) -> Layout:
        return self.ccol, self.row, self.values

    def _layout_by_post(self) -> Layout:
        """Return the matrix in CSR form."""
        with _lock:
            self._forget_if_changed()
            if self._by_post is None:
                self._by_post = make_layout(self.to_scipy(), self.values.device)
            return self._by_post

    def _forget_if_changed(self) -> None:
        """Drop what was made of other values, or of another pattern, than there are now."""
        now = self.stamp
        if same_stamp(self._made_of, now):
            return
        if not same_stamp(self._made_of[:2], now[:2]):
            self._in_edges, self._blocks = None, {}
        elif self._by_post is not None:
            self._blocks = {}
        self._tiles, self._by_post = {}, None
        self._wants_tiles, self._wants_by_post, self._rows = set(), False, RowsAtHand()
        self._waited = 0 if self._made_of else None
        self._made_of = now

    def _apply(self, fn: Any, recurse: bool = True) -> SparseMatrix:
        """Move or convert; what was made of the old values goes with them."""
        self._clear()
        return super()._apply(fn, recurse)  # type: ignore[no-untyped-call, no-any-return]

    def _clear(self) -> None:
        """Forget all that was made of the buffers."""
        self._in_edges = self._by_post = None
        self._tiles, self._blocks, self._made_of = {}, {}, ()
        self._wants_tiles, self._wants_by_post, self._waited = set(), False, None
        self._rows = RowsAtHand()

    def __getstate__(self) -> dict[str, Any]:
        """Leave behind what can be made again: versions do not survive a copy."""
        copy = self.__class__.__new__(self.__class__)
        copy.__dict__ = dict(self.__dict__)
        copy._clear()
        return copy.__dict__


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
        row = ctx.matrix.row.long()
        col = torch.repeat_interleave(ctx.matrix.ccol.long().diff())
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
