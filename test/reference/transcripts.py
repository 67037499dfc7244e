"""Writes, or compares with those on disk, the transcripts of whole sessions of the reference implementation.

    python3 test/reference/transcripts.py --write
    python3 test/reference/transcripts.py --check
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from known_answers import verify_building_blocks
from sessions.describing import make_transcript
from sessions.scenarios import SCENARIOS

DIRECTORY = Path(__file__).resolve().parent.parent / "vectors" / "transcripts"


def write_all() -> int:
    """Write every transcript."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for scenario in SCENARIOS:
        path = DIRECTORY / f"{scenario.name}.json"
        path.write_bytes(make_transcript(scenario))
        print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


def check_all() -> int:
    """Name every transcript that differs from its file; 1 if there is one."""
    status = 0
    for scenario in SCENARIOS:
        path = DIRECTORY / f"{scenario.name}.json"
        if not path.exists() or path.read_bytes() != make_transcript(scenario):
            print(f"{path.name} differs", file=sys.stderr)
            status = 1
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description="Transcripts of the reference implementation.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", dest="action", action="store_const", const=write_all, help="write the files")
    action.add_argument("--check", dest="action", action="store_const", const=check_all, help="compare with the files")
    action_chosen: Callable[[], int] = parser.parse_args().action
    verify_building_blocks()
    return action_chosen()


if __name__ == "__main__":
    sys.exit(main())
