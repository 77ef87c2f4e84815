"""The health boards' adapter: FHIR R4 in and out over HTTPS."""
