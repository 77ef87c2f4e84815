"""A stand-in for a health board's FHIR R4 server, for the tests and the demo; no health board runs it.

It is in the package since the demo starts it, and it speaks HTTP with the adapter like any server: it shares no code
with the edge, and nothing of the adapter imports it.
"""
