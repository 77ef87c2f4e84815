"""Every word of the demo, in English and in Welsh."""

import os
from collections.abc import Mapping
from enum import Enum

from hub.observe.labels import Language


class Phrase(Enum):
    """A word or sentence: English first, Welsh second; a part in braces is filled in."""

    TITLE = (
        "Dolen: one family's story among {events} other events",
        "Dolen: stori un teulu ymhlith {events} o ddigwyddiadau eraill",
    )
    INVENTED = (
        "Schools and agencies are real; all people, names and NHS numbers are invented.",
        "Mae'r ysgolion a'r asiantaethau'n real; dychmygol yw'r bobl, yr enwau a'r rhifau GIG i gyd.",
    )
    STARTING = "Starting Kafka, Redis and PostgreSQL", "Cychwyn Kafka, Redis a PostgreSQL"
    FETCHING = "Fetching Apache Kafka, once", "Nôl Apache Kafka, unwaith yn unig"
    PROVISIONING = (
        "Making topics, users, access rules and keys",
        "Creu pynciau, defnyddwyr, rheolau mynediad ac allweddi",
    )
    HUB = "Starting the hub", "Cychwyn yr hyb"
    SENDING = "sent by the agencies", "anfonwyd gan yr asiantaethau"
    DECIDING = "decided by the hub", "penderfynwyd gan yr hyb"
    DAY = "Day {day}", "Diwrnod {day}"
    COUNTING = "Counting the topics", "Cyfrif y pynciau"
    STOPPING = "Stopping everything", "Stopio popeth"

    CAME = "What came in", "Yr hyn a ddaeth i mewn"
    IN = "Events in", "Digwyddiadau i mewn"
    OF_STORY = "of these the family's story", "o'r rhain, stori'r teulu"
    ACCEPTED = "accepted", "derbyniwyd"
    DUPLICATE = "repeats dropped", "ailanfoniadau a ollyngwyd"
    CONFLICT = "other content under a used id", "cynnwys arall o dan id a ddefnyddiwyd"
    REJECTED = "rejected", "gwrthodwyd"
    RECIPIENT = "Delivered to", "Danfonwyd i"
    NOTIFICATIONS = "notifications", "hysbysiadau"
    NOT_TOLD = "Not told, and why", "Heb eu hysbysu, a pham"
    DEAD_LETTERS = "Dead letters", "Negeseuon gwrthodedig"
    LATENCY = "Latency, broker to broker", "Hwyrni, brocer i frocer"
    EVENTS_A_SECOND = (
        "at {rate} events a second, in the second half of the run (a fresh Kafka is slow at first)",
        "ar {rate} o ddigwyddiadau'r eiliad, yn ail hanner y rhediad (mae Kafka newydd yn araf ar y dechrau)",
    )
    MS = "{ms} ms", "{ms} ms"

    CHECKS = "Checked by counting the topics", "Gwiriwyd drwy gyfrif y pynciau"
    EXPECTED = "expected", "disgwyliedig"
    COUNTED = "counted", "cyfrif"
    RIGHT = "right", "cywir"
    WRONG = "WRONG", "ANGHYWIR"
    CHECK_INBOUND = "records in the inbound topics", "cofnodion yn y pynciau i mewn"
    CHECK_LEDGER = "ledger records, one for each event", "cofnodion cyfriflyfr, un i bob digwyddiad"
    CHECK_OUTCOMES = "events with the outcome foreseen", "digwyddiadau â'r canlyniad a ragwelwyd"
    CHECK_DELIVERED = "notifications that the policy calls for, each once", "hysbysiadau yn ôl y polisi, pob un unwaith"
    CHECK_STRAY = "notifications to anybody else", "hysbysiadau i neb arall"
    CHECK_RECEIPTS = "receipts to senders, one for each event", "derbynebau i anfonwyr, un i bob digwyddiad"
    CHECK_LETTERS = "dead letters with the fault foreseen", "negeseuon gwrthodedig â'r bai a ragwelwyd"
    CHECK_ORDER = "notifications out of order", "hysbysiadau allan o drefn"
    CHECK_CHAIN = "ledger records whose chain holds", "cofnodion cyfriflyfr â'u cadwyn yn gyfan"

    TRACE = "The path of one event: {what}", "Llwybr un digwyddiad: {what}"
    LOOK = "To look further:", "I edrych ymhellach:"
    KEEP_FIRST = "To look further, run it again with --keep, then:", "I edrych ymhellach, rhedwch eto gyda --keep, yna:"
    STOP = "To stop the hub and everything else:", "I stopio'r hyb a phopeth arall:"
    ALL_RIGHT = "Every number is right.", "Mae pob rhif yn gywir."
    NOT_RIGHT = "A number is not right: see above.", "Mae rhif yn anghywir: gweler uchod."

    def say(self, language: Language, **parts: object) -> str:
        """The phrase in a language."""
        english, welsh = self.value
        return str(welsh if language is Language.CY else english).format(**parts)


def preferred(environment: Mapping[str, str] = os.environ) -> Language:
    """The language that the reader's environment asks for (POSIX: LC_ALL, LC_MESSAGES, LANG)."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return Language.CY if environment[name].lower().startswith("cy") else Language.EN
    return Language.EN
