"""Some neighbouring columns of a batch as one vector register, for compiled kernels.

numba holds a row's sums in memory while it adds to them, and reads and writes them again for every
edge. Held in registers, a product with a batch takes little more than half the time. Every lane is
rounded as a number by itself, the product first and then the sum.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import RequireLiteralValue
from numba.extending import intrinsic, models, register_model

__all__ = [
    "add",
    "add_product",
    "any_from",
    "any_set",
    "fill",
    "load",
    "multiply",
    "prefetch",
    "store",
    "total",
    "where_from",
    "where_positive",
    "zeros",
]


class Lanes(types.Type):
    """The type of `n` numbers in a register."""

    def __init__(self, scalar: Any, n: int) -> None:
        self.scalar, self.n = scalar, n
        super().__init__(f"Lanes({scalar}, {n})")


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        number = ir.FloatType() if lanes.scalar == types.float32 else ir.DoubleType()
        super().__init__(manager, lanes, ir.VectorType(number, lanes.n))  # type: ignore[no-untyped-call]


def _lanes(scalar: Any, n: Any) -> Lanes:
    if not isinstance(n, types.IntegerLiteral):  # numba calls again with the number itself
        raise RequireLiteralValue("the number of lanes is a constant")
    return Lanes(scalar, n.literal_value)


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


@intrinsic
def _zeros(_: Any, n: Any, like: Any) -> Any:
    lanes = _lanes(like.dtype, n)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(context.get_value_type(lanes), None)

    return lanes(n, like), generate


@intrinsic
def _load(_: Any, n: Any, array: Any, index: Any) -> Any:
    lanes = _lanes(array.dtype, n)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector = context.get_value_type(lanes)
        place = _pointer(context, builder, array, args[1], args[2])
        loaded = builder.load(builder.bitcast(place, vector.as_pointer()))
        loaded.align = array.dtype.bitwidth // 8
        return loaded

    return lanes(n, array, index), generate


@intrinsic
def _store(_: Any, array: Any, index: Any, lanes: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = _pointer(context, builder, array, args[0], args[1])
        stored = builder.store(args[2], builder.bitcast(place, args[2].type.as_pointer()))
        stored.align = array.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(array, index, lanes), generate


@intrinsic
def _add_product(_: Any, total: Any, factor: Any, lanes: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        factors = _everywhere(builder, args[1], args[0].type)
        return builder.fadd(args[0], builder.fmul(factors, args[2]))

    return total(total, factor, lanes), generate


def _everywhere(builder: Any, number: Any, vector: Any) -> Any:
    """Put a number into all lanes."""
    nothing, first = ir.Constant(vector, ir.Undefined), ir.Constant(ir.IntType(32), 0)
    everywhere = ir.Constant(ir.VectorType(ir.IntType(32), vector.count), None)
    return builder.shuffle_vector(
        builder.insert_element(nothing, number, first), nothing, everywhere
    )


@intrinsic
def _fill(_: Any, n: Any, number: Any) -> Any:
    lanes = _lanes(number, n)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _everywhere(builder, args[1], context.get_value_type(lanes))

    return lanes(n, number), generate


@intrinsic
def _add(_: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fadd(args[0], args[1])

    return a(a, b), generate


@intrinsic
def _multiply(_: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(args[0], args[1])

    return a(a, b), generate


@intrinsic
def _where_positive(_: Any, tested: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        positive = builder.fcmp_ordered(">", args[0], ir.Constant(args[0].type, None))
        return builder.select(positive, args[1], args[2])

    return a(tested, a, b), generate


@intrinsic
def _where_from(_: Any, tested: Any, least: Any, a: Any, b: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        limit = _everywhere(builder, args[1], args[0].type)
        return builder.select(builder.fcmp_ordered(">=", args[0], limit), args[2], args[3])

    return a(tested, least, a, b), generate


@intrinsic
def _total(_: Any, lanes: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        left = args[0]
        while left.type.count > 1:  # halves: one addition where a chain would wait for many
            half = left.type.count // 2
            parts = [
                builder.shuffle_vector(left, ir.Constant(left.type, ir.Undefined), _range(k, half))
                for k in (0, half)
            ]
            left = builder.fadd(*parts)
        return builder.extract_element(left, ir.Constant(ir.IntType(32), 0))

    return lanes.scalar(lanes), generate


def _range(first: int, n: int) -> Any:
    return ir.Constant(ir.VectorType(ir.IntType(32), n), list(range(first, first + n)))


def _any(builder: Any, flags: Any) -> Any:
    bits = ir.IntType(flags.type.count)
    return builder.icmp_unsigned("!=", builder.bitcast(flags, bits), bits(0))


@intrinsic
def _any_from(_: Any, lanes: Any, least: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        limit = _everywhere(builder, args[1], args[0].type)
        return _any(builder, builder.fcmp_ordered(">=", args[0], limit))

    return types.boolean(lanes, least), generate


@intrinsic
def _any_set(_: Any, lanes: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        nothing = ir.Constant(args[0].type, None)
        return _any(builder, builder.fcmp_unordered("!=", args[0], nothing))

    return types.boolean(lanes), generate


@intrinsic
def _prefetch(_: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.bitcast(_pointer(context, builder, array, args[0], args[1]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        call = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")  # type: ignore[no-untyped-call]
        builder.call(call, [place, flag(0), flag(3), flag(1)])  # to read, to keep, data
        return context.get_dummy_value()

    return types.void(array, index), generate


def zeros(n: int, like: Any) -> Any:
    """Make `n` lanes of 0, of an array's dtype; `n` is a constant."""
    return np.zeros(n, like.dtype)


def load(n: int, array: Any, index: Any) -> Any:
    """Load `array[index : index + n]`; `n` is a constant."""
    return array[index : index + n].copy()


def store(array: Any, index: Any, lanes: Any) -> None:
    """Write lanes to `array[index:]`."""
    array[index : index + len(lanes)] = lanes


def add_product(total: Any, factor: Any, lanes: Any) -> Any:
    """Return `total + factor * lanes`, the product rounded first."""
    return total + factor * lanes


def fill(n: int, number: Any) -> Any:
    """Make `n` lanes of a number; `n` is a constant."""
    return np.full(n, number)


def add(a: Any, b: Any) -> Any:
    """Return `a + b`."""
    return a + b


def multiply(a: Any, b: Any) -> Any:
    """Return `a * b`."""
    return a * b


def where_positive(tested: Any, a: Any, b: Any) -> Any:
    """Return `a` where what is tested is above 0, else `b`."""
    return np.where(tested > 0, a, b)


def where_from(tested: Any, least: Any, a: Any, b: Any) -> Any:
    """Return `a` where what is tested is at least so much, else `b`."""
    return np.where(tested >= least, a, b)


def total(lanes: Any) -> Any:
    """Add all lanes up, the first half of them to the second, and so on."""
    while len(lanes) > 1:
        lanes = lanes[: len(lanes) // 2] + lanes[len(lanes) // 2 :]
    return lanes[0]


def any_from(lanes: Any, least: Any) -> bool:
    """Say whether any lane is at least so much."""
    return bool((lanes >= least).any())


def any_set(lanes: Any) -> bool:
    """Say whether any lane is not 0."""
    return bool((lanes != 0).any())


def prefetch(array: Any, index: Any) -> None:
    """Ask for `array[index]` to be brought near; it may lie beyond the array's end."""


# With NUMBA_DISABLE_JIT the definitions above are what runs.
if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    zeros, load, store = _zeros, _load, _store  # type: ignore[assignment]
    add_product, prefetch = _add_product, _prefetch  # type: ignore[assignment]
    fill, add, multiply = _fill, _add, _multiply  # type: ignore[assignment]
    where_positive, any_from, any_set = _where_positive, _any_from, _any_set  # type: ignore[assignment]
    where_from, total = _where_from, _total  # type: ignore[assignment]
