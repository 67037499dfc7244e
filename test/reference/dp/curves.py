"""The orders of curves, as docs/privacy-accounting.md has them."""

from __future__ import annotations

from decimal import Decimal

# Within each octave of α - 1, so many in equal steps.
CURVE_ORDERS = [
    1 + Decimal(2) ** octave * (1 + Decimal(i) / steps)
    for octave, steps in [*((o, 8) for o in range(-3, 2)), *((o, 16) for o in range(2, 7)), *((o, 8) for o in range(7, 16))]
    for i in range(steps)
] + [1 + Decimal(2) ** 16]
