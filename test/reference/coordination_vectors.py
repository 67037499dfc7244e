"""Writes, or compares with those on disk, the vectors of the messages of a service: test/vectors/coordination/*.json. It also reads the
vectors in library.json, which the library has made.

    python3 test/reference/coordination_vectors.py --write
    python3 test/reference/coordination_vectors.py --check
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services.audits import make_audits
from services.documents import make_documents
from services.draws import make_draws
from services.library import read_library
from services.messages import make_messages
from services.rosters import make_rosters, make_uploads
from services.tasks import make_tasks
from sessions.describing import to_json

DIRECTORY = Path(__file__).resolve().parent.parent / "vectors" / "coordination"


def files() -> Iterator[tuple[Path, Any]]:
    """Every file that is made here, and its content."""
    yield DIRECTORY / "documents.json", make_documents()
    yield DIRECTORY / "draws.json", make_draws()
    yield DIRECTORY / "messages.json", make_messages()
    yield DIRECTORY / "rosters.json", make_rosters()
    yield DIRECTORY / "run-certificates.json", make_audits()
    yield DIRECTORY / "tasks.json", make_tasks()
    yield DIRECTORY / "uploads.json", make_uploads()


def main() -> int:
    if sys.argv[1:] not in (["--write"], ["--check"]):
        sys.exit(__doc__)
    status = 0
    for path, content in files():
        data = (to_json(content) + "\n").encode()
        if sys.argv[1] == "--write":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        elif path.read_bytes() != data:
            print(f"{path.name} differs", file=sys.stderr)
            status = 1
    if sys.argv[1] == "--check":
        read_library(DIRECTORY / "library.json")
    return status


if __name__ == "__main__":
    sys.exit(main())
