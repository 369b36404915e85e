"""Attestation: what each confined part shows of itself, signed, on record, for an auditor."""
