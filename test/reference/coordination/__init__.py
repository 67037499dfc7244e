"""The messages of a service, from docs/coordination.md."""
