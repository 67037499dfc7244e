"""A participant of a running service, over its standard input and output: test/service/reference-participant.test.ts runs it.

    python3 test/reference/participant.py

The first line that it reads is JSON: id, source, vector (decimal strings), silentFrom (a round, or null), and in hexadecimal digits task (its
digest), coordinator (its key), certificate and secretKey. Each line that it writes is JSON, and is answered with one line:

    {"request": "<hex>"}        the response in hexadecimal digits
    {"wait": [from, to]}        an empty line, when the participant may go on
    {"result": …, "sent": …}    nothing: it is the last line. `sent` counts the requests of each kind
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from coordination.connection import Connection
from coordination.participant import Participant


def told(line: dict[str, Any]) -> str:
    """Writes one line and reads the answer."""
    print(json.dumps(line), flush=True)
    return sys.stdin.readline().strip()


def main() -> None:
    given = json.loads(sys.stdin.readline())
    key, task, certificate, secret_key = (bytes.fromhex(given[name]) for name in ("coordinator", "task", "certificate", "secretKey"))
    connection = Connection(lambda request: bytes.fromhex(told({"request": request.hex()})), key, task, certificate, secret_key)
    participant = Participant(
        connection,
        given["id"],
        [int(component) for component in given["vector"]],
        given["source"],
        clock=time.time,
        pause=lambda window: told({"wait": window}) and None,
        silent_from=given["silentFrom"],
    )
    result = participant.run()
    print(json.dumps({"result": result, "sent": connection.counts}), flush=True)


if __name__ == "__main__":
    main()
