"""Shamir's secret sharing, symbol by symbol (section Secret sharing)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .binary_field import BinaryField, sharing_field

SHARE_BYTES = 32


def evaluate(gf: BinaryField, polynomial: Sequence[Sequence[int]], point: int) -> bytes:
    """The share at a point; polynomial[k] lists the coefficients of x^k of all symbols. Horner's rule."""
    value = [0] * len(polynomial[0])
    for coefficients in reversed(polynomial):
        value = [gf.multiply(symbol, point) ^ c for symbol, c in zip(value, coefficients, strict=True)]
    return gf.from_symbols(value)


def share_secret(secret: bytes, coefficients: Sequence[bytes], holder_count: int) -> list[bytes]:
    """The shares of the holders at indices 0 to g - 1 (section Secret sharing).

    coefficients[k - 1] holds the c_k of all symbols in the layout of a share; there are s - 1 of them.
    """
    gf = sharing_field(holder_count)
    polynomial = [gf.symbols(row) for row in (secret, *coefficients)]
    return [evaluate(gf, polynomial, index + 1) for index in range(holder_count)]


def lagrange_at_zero(gf: BinaryField, point: int, points: Iterable[int]) -> int:
    """The weight of the share at `point`: the product of x / (x - point); a difference is an exclusive or."""
    weight = 1
    for other in points:
        if other != point:
            weight = gf.multiply(weight, gf.multiply(other, gf.inverse(other ^ point)))
    return weight


def reconstruct_secret(shares: Mapping[int, bytes], holder_count: int) -> bytes:
    """The secret from exactly s shares, given by their holders' indices in the list (section Secret sharing)."""
    gf = sharing_field(holder_count)
    points = [index + 1 for index in shares]
    secret = [0] * len(gf.symbols(bytes(SHARE_BYTES)))
    for index, share in shares.items():
        weight = lagrange_at_zero(gf, index + 1, points)
        secret = [total ^ gf.multiply(weight, s) for total, s in zip(secret, gf.symbols(share), strict=True)]
    return gf.from_symbols(secret)
