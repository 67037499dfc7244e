"""Reads the vectors that the library has made, and compares what is read with what the library says it wrote."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coordination.announcements import read_announcement
from coordination.attempts import read_roster
from coordination.certificates import Authority, read_certificate, read_certificate_request, read_revocation_list
from coordination.requests import decode_request
from coordination.responses import decode_response
from coordination.run_certificates import verify_run
from coordination.tasks import read_task

from .cases import bytes_in
from .documents import written_fields as document_fields
from .messages import written_fields as message_fields


def read_library(path: Path) -> None:
    """Fails at the first difference."""
    library = json.loads(path.read_text())
    authority = Authority(bytes.fromhex(library["registrar"]["publicKey"]), library["registrar"]["scope"])
    publisher, coordinator, request = (bytes.fromhex(library[name]) for name in ("publisher", "coordinator", "request"))
    task = read_task(library["task"])
    assert task.digest.hex() == library["taskDigest"], "the digest of the task"

    def fields_of(kind: str, data: bytes) -> dict[str, Any]:
        if kind == "certificateRequest":
            return document_fields(read_certificate_request(data, authority))
        if kind == "certificate":
            return document_fields(read_certificate(data, authority))
        if kind == "revocationList":
            return document_fields(read_revocation_list(data, authority))
        if kind == "announcement":
            return document_fields(read_announcement(data, publisher, task.digest))
        if kind == "request":
            return message_fields(decode_request(data, authority))
        return message_fields(decode_response(data, coordinator, request))

    for index, case in enumerate(library["documents"]):
        read = fields_of(case["kind"], bytes_in(case["bytes"]))
        same = all(read[name] == value for name, value in case["fields"].items())
        assert same, f"library, documents[{index}], a {case['kind']}: {read}"
    for case in library["attempts"]:
        roster = read_roster(bytes.fromhex(case["roster"]), authority)
        context = roster.context(task.digest, bytes.fromhex(case["announcement"]), case["attempt"])
        assert (context.decode(), sorted(roster.members)) == (case["context"], case["ids"]), "library, attempts"
    for case in library["runCertificates"]:
        assert asdict(verify_run(case["text"], authority, publisher)) == case["verified"], "library, runCertificates"
