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
    HUB = (
        "Starting the hub, the agencies' adapters and their systems",
        "Cychwyn yr hyb, addaswyr yr asiantaethau a'u systemau",
    )
    JOINING = (
        "The agencies' adapters join; the story begins at the agencies' own systems",
        "Mae addaswyr yr asiantaethau'n ymuno; mae'r stori'n dechrau yn systemau'r asiantaethau eu hunain",
    )
    SENDING = "background events sent", "digwyddiadau cefndir a anfonwyd"
    PLAYING = "scenes of the story, at the agencies' systems", "golygfeydd y stori, yn systemau'r asiantaethau"
    DECIDING = "decided by the hub", "penderfynwyd gan yr hyb"
    DAY = "Day {day}", "Diwrnod {day}"
    RESTING = "Waiting until all is delivered and answered", "Aros nes bod popeth wedi'i ddanfon a'i ateb"
    COUNTING = "Counting the topics and the agencies' systems", "Cyfrif y pynciau a systemau'r asiantaethau"
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

    SYSTEMS = "At the agencies' own systems", "Yn systemau'r asiantaethau eu hunain"
    SAID = "scenes", "golygfeydd"
    DUE = "to be told", "i'w hysbysu"
    REFUSED = "refused", "gwrthodwyd"
    HAS = "there", "yno"
    ANSWERED = "answered", "atebwyd"

    CHECKS = (
        "Checked by counting the topics and the agencies' systems",
        "Gwiriwyd drwy gyfrif y pynciau a systemau'r asiantaethau",
    )
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

    CHECK_NATIVE = (
        "what people wrote at the agencies' systems, each one event",
        "yr hyn a ysgrifennwyd yn systemau'r asiantaethau, pob un yn un digwyddiad",
    )
    CHECK_AT_SYSTEMS = (
        "notifications in the agencies' systems, each once",
        "hysbysiadau yn systemau'r asiantaethau, pob un unwaith",
    )
    CHECK_SYSTEM_STRAY = "others in the agencies' systems", "eraill yn systemau'r asiantaethau"
    CHECK_SYSTEM_ORDER = (
        "of a child's, out of order in the agencies' systems",
        "o rai plentyn, allan o drefn yn systemau'r asiantaethau",
    )
    CHECK_ANSWERED = (
        "notifications that the adapters answered, each once",
        "hysbysiadau a atebwyd gan yr addaswyr, pob un unwaith",
    )

    TRACE = "The path of one event: {what}", "Llwybr un digwyddiad: {what}"
    LOOK = "To look further:", "I edrych ymhellach:"
    KEEP_FIRST = "To look further, run it again with --keep, then:", "I edrych ymhellach, rhedwch eto gyda --keep, yna:"
    SCHOOLS = (
        "Two schools' inboxes. The sign-in is for development: it asks for no password, and all people are invented.",
        "Blychau derbyn dwy ysgol. Mewngofnodi datblygu yw hwn: nid yw'n gofyn am gyfrinair, a dychmygol yw pawb.",
    )
    SCHOOLS_FIRST = (
        "Two schools' inboxes and the operations console can be opened in a browser: run it again with --keep.",
        "Gellir agor blychau derbyn dwy ysgol a'r consol gweithrediadau mewn porwr: rhedwch eto gyda --keep.",
    )
    SIGN_IN_AS = "  {school}: sign in as {name}", "  {school}: mewngofnodwch fel {name}"
    CONSOLE_STARTING = "Starting the operations console", "Cychwyn y consol gweithrediadau"
    CONSOLE = "The operations console: sign in as {name}", "Y consol gweithrediadau: mewngofnodwch fel {name}"
    FOLLOW = (
        "  There choose Find, give the sender's reference {reference}, and follow the notice: "
        "{school} opened it at {at}.",
        "  Yno dewiswch Canfod, rhowch gyfeirnod yr anfonwr {reference}, a dilynwch yr hysbysiad: "
        "agorodd {school} ef am {at}.",
    )
    STOP = "To stop the hub, the adapters and everything else:", "I stopio'r hyb, yr addaswyr a phopeth arall:"
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
