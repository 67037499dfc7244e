"""Writes, or compares with those on disk, the test vectors of the reference implementation: transcripts of whole sessions,
and assignments of users to cohorts.

    python3 test/reference/transcripts.py --write
    python3 test/reference/transcripts.py --check
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from known_answers import verify_building_blocks
from sessions.assignments import make_assignments
from sessions.describing import make_transcript
from sessions.scenarios import SCENARIOS

DIRECTORY = Path(__file__).resolve().parent.parent / "vectors"


def files() -> Iterator[tuple[Path, bytes]]:
    """Every file and what belongs into it."""
    for scenario in SCENARIOS:
        yield DIRECTORY / "transcripts" / f"{scenario.name}.json", make_transcript(scenario)
    yield DIRECTORY / "cohorts.json", make_assignments()


def write_all() -> int:
    """Write every file."""
    for path, content in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


def check_all() -> int:
    """Name every file that differs; 1 if there is one."""
    status = 0
    for path, content in files():
        if not path.exists() or path.read_bytes() != content:
            print(f"{path.name} differs", file=sys.stderr)
            status = 1
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description="Test vectors of the reference implementation.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", dest="action", action="store_const", const=write_all, help="write the files")
    action.add_argument("--check", dest="action", action="store_const", const=check_all, help="compare with the files")
    action_chosen: Callable[[], int] = parser.parse_args().action
    verify_building_blocks()
    return action_chosen()


if __name__ == "__main__":
    sys.exit(main())
