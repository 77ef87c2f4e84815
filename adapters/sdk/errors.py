"""What can go wrong at an agency's edge, sorted by what happens next.

AdapterError
├── CredentialsRefused   the agency's file is missing or broken: mend it and start again
├── ConfigurationRefused the adapter's configuration file is: mend it and start again
├── StoreRefused         the adapter's database can't be used: mend it and start again
├── NotStored            the database did not take something: nothing of it is kept, give it again
├── NotParked            a notification that a person names doesn't stand still: look again, and name one that does
├── NotConnected         Kafka can't be reached, or does not let the agency in
├── NotAllowed           Kafka knows the agency and refuses: the family or the topic is not its own to use
└── NotSent              nobody knows whether Kafka has it: send the same bytes again, the hub knows a repeat
"""


class AdapterError(Exception):
    """An adapter can't go on with what it was doing; says the rule, what was seen, and the remedy."""


class CredentialsRefused(AdapterError):
    """The file that provisioning gave the agency is missing or not as it was written."""


class ConfigurationRefused(AdapterError):
    """An adapter's configuration file can't be taken; names file, line and remedy."""


class StoreRefused(AdapterError):
    """An adapter's database can't be opened, is in use, or was made by a newer Dolen."""


class NotStored(AdapterError):
    """The database did not take something, as on a full disk: nothing of it is kept, and it can be given again."""


class NotParked(AdapterError):
    """No child stands still at the notification that was named: nothing was changed."""


class NotConnected(AdapterError):
    """Kafka can't be reached, or does not let the agency in; nothing was sent or read."""


class NotAllowed(AdapterError):
    """Kafka refuses what the agency asks: sending it again changes nothing."""


class NotSent(AdapterError):
    """Kafka did not confirm the record, which may or may not be there: the same bytes can be sent again."""
