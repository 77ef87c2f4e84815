"""Makes a client's secret: `python -m adapters.gateway.secret` prints it, and its hash for the agency's file."""

import hashlib
import hmac
import secrets

PREFIX = "dolen-secret-"
"""By which a scanner knows a secret that was published by mistake."""


def new_secret() -> str:
    """256 random bits: nothing that could be guessed, so a plain hash keeps it."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def matches(secret: str, kept: str) -> bool:
    """Whether a secret is the one whose hash is kept; takes as long either way."""
    return hmac.compare_digest(hash_of(secret), kept)


if __name__ == "__main__":
    made = new_secret()
    print(f"secret, for the agency alone:       {made}")  # noqa: T201 - this is what it is run for
    print(f"secret_sha256, for its adapter file: {hash_of(made)}")  # noqa: T201
