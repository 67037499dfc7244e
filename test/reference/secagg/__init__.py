"""Secure aggregation after Bonawitz et al. (CCS 2017), as docs/wire-format.md describes it.

This is a reference to read and to compare with: plain, slow and not constant in time. The sections named in these
modules are those of docs/wire-format.md. Randomness is always an argument, so that a run can be repeated byte for byte.
"""
