"""LLVM's vectors as a type that Numba's kernels can use; `kernel` is built on it.

Numba vectorises loops as it sees fit. Here a vector has a fixed number of lanes, every operation
is one IEEE operation per lane, and LLVM splits it to fit the CPU's registers. So the bits do not
depend on the CPU.
"""

import operator

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, overload, register_model


class Vector(types.Type):
    """`lanes` numbers that Numba keeps in registers.

    LLVM splits vectors well only if their number of lanes is a power of two, so 24 lanes are
    a struct of 16 and 8.
    """

    def __init__(self, element, lanes):
        self.element, self.lanes = element, lanes
        self.parts = [1 << bit for bit in reversed(range(lanes.bit_length())) if lanes >> bit & 1]
        super().__init__(f"Vector({element}, {lanes})")


@register_model(Vector)
class VectorModel(models.PrimitiveModel):
    def __init__(self, manager, kind):
        element = manager.lookup(kind.element).get_value_type()
        parts = [ir.VectorType(element, lanes) for lanes in kind.parts]
        super().__init__(manager, kind, ir.LiteralStructType(parts))


def _join(context, builder, kind, parts):
    struct = ir.Constant(context.get_value_type(kind), ir.Undefined)
    for place, part in enumerate(parts):
        struct = builder.insert_value(struct, part, place)
    return struct


def _split(builder, struct):
    return [builder.extract_value(struct, place) for place in range(len(struct.type.elements))]


def _pointer(context, builder, kind, array, offset):
    data = context.make_array(kind)(context, builder, array).data
    return builder.gep(data, [offset], inbounds=True)


def _pointers(context, builder, kind, pointer):
    """Where in memory each part of a vector is."""
    types_ = context.get_value_type(kind).elements
    for part, type_ in zip(np.cumsum([0, *kind.parts[:-1]]), types_, strict=True):
        at = builder.gep(pointer, [ir.Constant(ir.IntType(64), int(part))], inbounds=True)
        yield builder.bitcast(at, type_.as_pointer())


@intrinsic
def element(typing, array, offset):
    """array.flat[offset], without Numba's handling of negative offsets."""

    def emit(context, builder, signature, args):
        return builder.load(_pointer(context, builder, signature.args[0], *args))

    return array.dtype(array, types.intp), emit


@intrinsic(prefer_literal=True)
def load(typing, array, offset, lanes):
    """array.flat[offset : offset + lanes] as a vector."""
    result = Vector(array.dtype, lanes.literal_value)

    def emit(context, builder, signature, args):
        pointer = _pointer(context, builder, signature.args[0], *args[:2])
        parts = [builder.load(at, align=4) for at in _pointers(context, builder, result, pointer)]
        return _join(context, builder, result, parts)

    return result(array, types.intp, lanes), emit


@intrinsic
def store(typing, array, offset, vector):
    """array.flat[offset : offset + lanes] = vector."""

    def emit(context, builder, signature, args):
        pointer = _pointer(context, builder, signature.args[0], *args[:2])
        places = _pointers(context, builder, vector, pointer)
        for at, part in zip(places, _split(builder, args[2]), strict=True):
            builder.store(part, at, align=4)
        return context.get_dummy_value()

    return types.none(array, types.intp, vector), emit


@intrinsic(prefer_literal=True)
def splat(typing, scalar, lanes):
    """A vector of one repeated scalar."""
    kind = types.unliteral(scalar)
    result = Vector(kind, lanes.literal_value)

    def emit(context, builder, signature, args):
        integer = ir.IntType(32)
        parts = []
        for count in result.parts:
            empty = ir.Constant(ir.VectorType(args[0].type, count), ir.Undefined)
            first = builder.insert_element(empty, args[0], ir.Constant(integer, 0))
            zeros = ir.Constant(ir.VectorType(integer, count), [0] * count)
            parts.append(builder.shuffle_vector(first, empty, zeros))
        return _join(context, builder, result, parts)

    return result(kind, lanes), emit


@intrinsic
def bits(typing, value):
    """The bits of float32 as int32, and back."""
    other = types.int32 if value == types.float32 else types.float32

    def emit(context, builder, signature, args):
        return builder.bitcast(args[0], context.get_value_type(other))

    return other(value), emit


@intrinsic
def prefetch(typing, array, offset):
    """Ask the CPU to bring array.flat[offset] into its cache; any offset is safe."""

    def emit(context, builder, signature, args):
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        function = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0")
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        pointer = builder.bitcast(builder.gep(data, [args[1]]), byte)
        builder.call(function, [pointer, flag(0), flag(3), flag(1)])  # for reading, into L1, data
        return context.get_dummy_value()

    return types.none(array, types.intp), emit


@intrinsic
def widen(typing, vector):
    """float32 lanes as float64 lanes."""
    result = Vector(types.float64, vector.lanes)

    def emit(context, builder, signature, args):
        targets = context.get_value_type(result).elements
        pairs = zip(_split(builder, args[0]), targets, strict=True)
        return _join(context, builder, result, [builder.fpext(part, to) for part, to in pairs])

    return result(vector), emit


@intrinsic
def without_tiny(typing, vector, bounds):
    """The vector with 0 in every lane whose magnitude is below that of `bounds`; NaN stays."""

    def emit(context, builder, signature, args):
        parts = []
        for part, bound in zip(*(_split(builder, argument) for argument in args), strict=True):
            above = builder.fcmp_ordered(">", part, builder.fneg(bound))
            below = builder.fcmp_ordered("<", part, bound)
            zeros = ir.Constant(part.type, [0.0] * part.type.count)
            parts.append(builder.select(builder.and_(above, below), zeros, part))
        return _join(context, builder, vector, parts)

    return vector(vector, bounds), emit


def _arithmetic(function, instruction):
    """Let Numba apply `function` to two vectors: one IEEE operation per lane."""

    @intrinsic
    def apply(typing, left, right):
        def emit(context, builder, signature, args):
            pairs = zip(*(_split(builder, vector) for vector in args), strict=True)
            return _join(
                context, builder, left, [getattr(builder, instruction)(*pair) for pair in pairs]
            )

        return left(left, right), emit

    @overload(function)
    def choose(left, right):
        if isinstance(left, Vector) and left == right:
            return lambda left, right: apply(left, right)
        return None  # not ours: Numba tries the other overloads


_arithmetic(operator.add, "fadd")
_arithmetic(operator.sub, "fsub")
_arithmetic(operator.mul, "fmul")
