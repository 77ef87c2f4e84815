"""Exports every ledger record as OpenTelemetry spans."""
