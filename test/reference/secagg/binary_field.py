"""The fields over which secrets are shared (section Secret sharing)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .encoding import split


@dataclass(frozen=True)
class BinaryField:
    """GF(2^degree); an element is the integer whose bits are its coefficients (section Secret sharing)."""

    degree: int
    modulus: int

    def multiply(self, left: int, right: int) -> int:
        product = 0
        while right:
            if right & 1:
                product ^= left
            left <<= 1
            if left >> self.degree:
                left ^= self.modulus
            right >>= 1
        return product

    def inverse(self, element: int) -> int:
        """element^(2^degree - 2), by squaring: the exponent's bits are all 1 but the last."""
        power, result = element, 1
        for _ in range(self.degree - 1):
            power = self.multiply(power, power)
            result = self.multiply(result, power)
        return result

    def symbols(self, data: bytes) -> list[int]:
        """The elements that a secret, a share or a list of coefficients consists of."""
        return [int.from_bytes(symbol, "big") for symbol in split(data, self.degree // 8)]

    def from_symbols(self, symbols: Iterable[int]) -> bytes:
        return b"".join(symbol.to_bytes(self.degree // 8, "big") for symbol in symbols)


GF_2_8 = BinaryField(8, 0x11B)
GF_2_16 = BinaryField(16, 0x1100B)


def sharing_field(holder_count: int) -> BinaryField:
    """The field in which secrets are shared among g holders (section Secret sharing)."""
    return GF_2_8 if holder_count <= 255 else GF_2_16
