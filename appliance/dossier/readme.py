"""The README of a folder of evidence, in plain words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contents:
    """What the folder holds."""

    origin: str  # name of the log
    records: int
    events: int
    opened: bool  # whether questions and names of files stand in it in clear
    policies: tuple[str, ...]  # digests of the policy sets whose text is there


def readme(contents: Contents) -> str:
    """The text of README.txt."""
    sealed = _OPENED if contents.opened else _SEALED
    sets = "\n".join(f"                         {one[:16]}..." for one in contents.policies)
    return _TEXT.format(
        origin=contents.origin,
        records=contents.records,
        events=contents.events,
        sealed=sealed,
        sets=sets or "                         (none was kept)",
    )


_OPENED = """\
The officer who made this folder opened the sealed parts: events.csv, fhir and ocsf.jsonl show
questions and names. Treat the folder like the documents themselves."""

_SEALED = """\
Questions and names of files are sealed to the compliance officers' keys and stay sealed here:
events.jsonl holds them unreadable, the other files leave them out."""

_TEXT = """\
AUDIT EVIDENCE
==============

This folder holds {records} records of the audit log

    {origin}

They make {events} events: who did what, when, on which documents, for which purpose, and which
policy permitted or denied it. The log is written before anything is done, not afterwards.

{sealed}


HOW TO CHECK IT
---------------

You need Python 3.8 or later, on any machine, without a network and without the appliance:

    python3 verify_audit.py --key "LOGKEY"

LOGKEY is the key of the log as somebody wrote it down when the appliance was installed. Without
--key the key in this folder is used; then you only learn that the folder agrees with itself.

It says VERIFIED, or names the first record that is not what stands in the log. Reading the
program before you run it takes ten minutes: it is one file and uses nothing but Python. Whoever
could have changed the folder could have changed the program: take it from a source you trust.


WHAT IS IN IT
-------------

  events.jsonl           the records, exactly as they stand in the log, one per line
  proofs.txt             hashes that lead from each record to the signed root (RFC 6962): each
                         line is a level, an index and a hash of the Merkle tree
  checkpoint             how many records the log has, and its root, signed (C2SP checkpoint)
  log-key                the log's public key, to be compared with the one you were given
  cosignatures/          what witnesses outside the machine signed, if there are any
  growth/                proofs that the log only grew since they did
  selection.json         what was asked for, of how long a log, and how much there was, signed
                         by the log
  policies/              the policy sets that decided, by their SHA-256:
{sets}
  names.json             names of people and collections at the time of the export; its digest
                         stands in selection.json
  events.csv             one line per event, for a spreadsheet
  fhir/                  FHIR R4 AuditEvent, in bundles
  ocsf.jsonl             OCSF 1.3, one event per line, for the import into a SIEM
  verify_audit.py        the program that checks all this


WHAT IT SHOWS, AND WHAT NOT
---------------------------

Shown: each record stood in the log at its place when the checkpoint was signed; none was changed,
and none of what was asked for was taken out of this folder since (selection.json is signed).

Where verify_audit.py says "a whole stretch of the log", no record between the first and the last
was left out. Where it says "a selection", others lie between; that the selection is complete is
the word of the appliance that made it. To show that something never happened, ask for an export
of the whole period.

events.csv, fhir and ocsf.jsonl are made from events.jsonl for convenience; nothing signs them.

Somebody with full control of the machine could have rewritten the log before the checkpoint was
signed, but not what a witness saw earlier: give a witness's key with --witness, or a checkpoint
that was kept elsewhere with --checkpoint FILE.
"""
