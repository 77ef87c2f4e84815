"""What people are told of verdicts and refusals, in both languages: the words of console and command line."""

from hub.observe.labels import Label

VERDICTS = {
    "goes": Label.GOES,
    "refused": Label.STILL_REFUSED,
    "repeat": Label.SENDER_SENT_IT,
    "conflict": Label.CONFLICT,
    "waits": Label.WAITS_FOR_EARLIER,
    "quarantined": Label.QUARANTINED,
    "set-aside": Label.SET_ASIDE,
    "asked": Label.ANOTHER_HAS_IT,
    "sent": Label.WAS_SENT_ON,
    "expired": Label.EXPIRED,
}
"""What each verdict (hub/redrive/trial.py) is called."""

NOT_ALLOWED = {
    "another-has-it": Label.ANOTHER_HAS_IT,
    "nothing-to-decide": Label.NOTHING_TO_DECIDE,
    "same-person": Label.SAME_PERSON,
    "no-such-redrive": Label.NO_SUCH_REDRIVE,
    "no-such-letter": Label.NO_LETTER_IN_TABLES,
    "not-agreed": Label.NOT_AGREED,
    "under-way": Label.UNDER_WAY,
    "too-many": Label.TOO_MANY,
    "no-form": Label.NO_FORM,
    "set-aside": Label.SET_ASIDE,
    "quarantined": Label.QUARANTINED,
}
"""What each rule of `NotAllowed` is called."""
