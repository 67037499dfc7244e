"""How a party refuses what it is sent."""

from __future__ import annotations


class ProtocolError(Exception):
    """A message, a key or a share that the receiver refuses."""


def require(condition: bool, reason: str) -> None:
    """Refuse with `reason` unless `condition` holds."""
    if not condition:
        raise ProtocolError(reason)
