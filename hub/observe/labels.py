"""Every word that `dolen trace` and `dolen dead-letters` say to a reader, in English and in Welsh."""

from enum import Enum, StrEnum


class Language(StrEnum):
    """The languages of the output."""

    EN = "en"
    CY = "cy"


class Label(Enum):
    """A word or sentence: English first, Welsh second; a part in braces is filled in."""

    TITLE = "The path of a notification", "Llwybr hysbysiad"
    EVENT = "Event", "Digwyddiad"
    SENDER = "Sender", "Anfonwr"
    UNPROVEN = "unproven: no valid signature", "heb ei brofi: dim llofnod dilys"
    UNKNOWN = "unknown", "anhysbys"
    HAPPENED = "Happened", "Digwyddodd"
    ARRIVED = "Reached the broker", "Cyrhaeddodd y brocer"
    EPISODE = "Episode", "Pennod"
    TRACE = "Trace", "Olrheiniad"
    OUTCOME = "Outcome", "Canlyniad"

    STEP = "Step", "Cam"
    WHEN = "When", "Pryd"
    SENT = "sent", "anfonwyd"
    DECIDED = "hub decided", "penderfynodd yr hyb"
    TOLD = "told", "hysbyswyd"
    NOT_TOLD = "not told", "ni hysbyswyd"
    DELIVERED = "delivered", "danfonwyd"
    OPENED = "opened", "agorwyd"
    ACCEPTED_BY = "taken on by a team", "derbyniwyd gan dîm"
    REFUSED = "refused by the recipient", "gwrthodwyd gan y derbynnydd"
    ASKED = "asked by the recipient", "cwestiwn gan y derbynnydd"
    ESCALATED = "passed on to somebody else", "trosglwyddwyd i rywun arall"
    GAP = "let through before its turn", "gadawyd drwodd cyn ei dro"
    GAP_OF = "gap of {count} before {number}", "bwlch o {count} cyn {number}"
    RESTORED = "given back: this no longer holds", "rhoddwyd yn ôl: nid yw hyn yn wir mwyach"
    SYSTEM_OFF = "its own system is called no more", "ni elwir ar ei system ei hun mwyach"
    RECEIPT = "receipt to the sender", "derbynneb i'r anfonwr"
    REPEAT = "repeat, dropped", "ailanfoniad, wedi'i ollwng"
    CONFLICT = "other content under this id", "cynnwys arall o dan yr id hwn"
    REJECTED = "rejected", "gwrthodwyd"
    ACCEPTED = "accepted", "derbyniwyd"
    DUPLICATE = "duplicate", "dyblygiad"

    WHY = "Who was told, who was not, and why", "Pwy a hysbyswyd, pwy na hysbyswyd, a pham"
    PARTY = "Party", "Parti"
    REASON = "Decision and view", "Penderfyniad a golwg"
    VIEW = "view", "golwg"
    RULE = "Rule, legal basis, agreement", "Rheol, sail gyfreithiol, cytundeb"
    NO_DECISIONS = "No party was considered.", "Ni ystyriwyd unrhyw barti."

    LEDGER = "What the ledger holds", "Yr hyn sydd yn y cyfriflyfr"
    RECORD = "Record (of)", "Cofnod (o)"
    HASH = "Hash", "Hash"
    CHAIN = "Chain", "Cadwyn"
    CHAIN_HOLDS = "holds", "yn gyfan"
    CHAIN_BROKEN = "BROKEN", "WEDI TORRI"
    CHAIN_LAST = "holds; last of its lane", "yn gyfan; olaf ei lôn"
    LETTER = "Dead letter", "Neges wrthodedig"
    VERSIONS = "Decided by", "Penderfynwyd yn ôl"
    POLICY = "policy", "polisi"
    DIRECTORY = "directory", "cyfeiriadur"
    NETWORK = "network", "rhwydwaith"
    ANSWERS_EXPIRED = (
        "Recipients' receipts are kept for 30 days: older ones no longer show here.",
        "Cedwir derbynebau derbynwyr am 30 diwrnod: nid yw rhai hŷn i'w gweld yma mwyach.",
    )
    NOT_FOUND = (
        "Nothing in the ledger has this id: {id}.",
        "Nid oes dim yn y cyfriflyfr â'r id hwn: {id}.",
    )
    NO_ID = (
        "is no id: give the id of an event or a notification, a trace id, or a dead letter's topic/partition/offset",
        "nid yw'n id: rhowch id digwyddiad neu hysbysiad, id olrheiniad, neu bwnc/rhaniad/offset neges wrthodedig",
    )

    ENTITLED = "entitled", "â hawl i wybod"
    IS_SENDER = "it sent the event", "y parti hwn a anfonodd y digwyddiad"
    CONFLICT_OF_INTEREST = "conflict of interest", "gwrthdaro buddiannau"
    SHIELDED = "the child is shielded", "mae manylion y plentyn wedi'u gwarchod"
    NOT_IN_NETWORK = "takes no part in this hub", "nid yw'n cymryd rhan yn yr hyb hwn"
    AGREEMENT_NOT_STARTED = "the agreement does not hold yet", "nid yw'r cytundeb mewn grym eto"
    AGREEMENT_LAPSED = "the agreement has lapsed", "mae'r cytundeb wedi dod i ben"
    NOT_CALLED_FOR = "the event does not call for it", "nid yw'r digwyddiad yn galw amdano"
    NOT_ON_ROLL = "no child on the school's roll", "dim plentyn ar gofrestr yr ysgol"
    KIND_NOT_LISTED = "no rule tells its kind", "nid oes rheol yn hysbysu ei fath"
    NO_SUCH_RELATION = "nobody stands in this relation here", "nid oes neb yn y berthynas hon yma"
    NOT_OUR_CHILD = "not our child", "nid ein plentyn ni"
    CHILD_NOT_IDENTIFIED = "child not identified", "ni adnabuwyd y plentyn"
    NOT_ENTITLED = "says it is not entitled", "yn dweud nad oes hawl ganddo"
    UNREADABLE = "could not be read", "ni ellid ei ddarllen"
    OTHER = "another reason", "rheswm arall"

    MINUTES = "min", "mun"
    HOURS = "h", "awr"
    DAYS = "d", "diwrnod"

    NOT_OPENED_IN_TIME = "nobody opened it in time", "ni agorodd neb hi mewn pryd"
    SCHOOL_CLOSED = "the school is closed", "mae'r ysgol ar gau"
    NOBODY_DESIGNATED = "nobody is designated there", "nid oes neb dynodedig yno"
    SCHOOL_UNKNOWN = "the school is not known", "nid yw'r ysgol yn hysbys"
    POINTER_BOUNCED = "the e-mail came back", "daeth yr e-bost yn ôl"
    NOT_ANSWERING = "it took nothing for five days", "ni chymerodd ddim am bum diwrnod"
    ASKED_TO_STOP = "it asked for no more", "gofynnodd am ddim mwy"

    NO_LETTERS = "No dead letters.", "Dim negeseuon gwrthodedig."
    LETTERS = "Dead letters: {count}", "Negeseuon gwrthodedig: {count}"
    LETTERS_CUT = (
        "The newest {shown} of {count}; --limit shows more.",
        "Y {shown} diweddaraf o {count}; mae --limit yn dangos mwy.",
    )
    FAULTS = "Faults", "Namau"
    SIGNER = "Signed by", "Llofnodwyd gan"
    FIRST = "First use of the id", "Defnydd cyntaf o'r id"
    READABLE_UNTIL = "Payload readable until", "Gellir darllen y cynnwys tan"
    EXPIRED = "Payload expired", "Daeth y cynnwys i ben"
    NO_SUCH_LETTER = "There is no dead letter {id}.", "Nid oes neges wrthodedig {id}."
    WHOLE_EVENT = "whole event", "y digwyddiad cyfan"

    IF_SENT_ON = (
        "If it is sent on",
        "O'i hanfon ymlaen",
    )
    GOES = (
        "it would be taken",
        "fe'i cymerid",
    )
    STILL_REFUSED = (
        "it would be refused again",
        "fe'i gwrthodid eto",
    )
    SENDER_SENT_IT = (
        "its sender has sent it again, and it was taken",
        "mae ei hanfonwr wedi'i hanfon eto, ac fe'i cymerwyd",
    )
    WAITS_FOR_EARLIER = (
        "it waits for an earlier one of the same child",
        "mae'n aros am un gynharach am yr un plentyn",
    )
    QUARANTINED = (
        "in quarantine: it was sent on three times, and refused each time",
        "mewn cwarantin: fe'i hanfonwyd ymlaen deirgwaith, a'i gwrthod bob tro",
    )
    SET_ASIDE = (
        "set aside: a person decided that it is not sent on",
        "wedi'i rhoi o'r neilltu: penderfynodd person na chaiff ei hanfon ymlaen",
    )
    ANOTHER_HAS_IT = (
        "it is in another re-drive",
        "mae mewn ail-yriad arall",
    )
    WAS_SENT_ON = (
        "it was sent on",
        "fe'i hanfonwyd ymlaen",
    )
    OVERTAKEN = (
        "later events of this child taken meanwhile: {count}",
        "digwyddiadau diweddarach am y plentyn hwn a gymerwyd yn y cyfamser: {count}",
    )
    REDRIVE_WAITS = (
        "Re-drive {id} of {count} letters waits for a second person: dolen dead-letters approve {id} --reason …",
        "Mae ail-yriad {id} o {count} neges yn aros am ail berson: dolen dead-letters approve {id} --reason …",
    )
    REDRIVE_DONE = (
        "Re-drive {id}: {sent} of {count} sent on.",
        "Ail-yriad {id}: anfonwyd {sent} o {count} ymlaen.",
    )
    REDRIVE_DECLINED = (
        "Re-drive {id} is declined; its letters are free again.",
        "Gwrthodwyd ail-yriad {id}; mae ei negeseuon yn rhydd eto.",
    )
    SET_ASIDE_DONE = (
        "Set aside: {count}",
        "Rhoddwyd o'r neilltu: {count}",
    )
    NOTHING_TO_DECIDE = (
        "Re-drive {about} waits for nobody: it was decided before.",
        "Nid yw ail-yriad {about} yn aros am neb: penderfynwyd arno o'r blaen.",
    )
    SAME_PERSON = (
        "Whoever asked for a re-drive can't decide on it: another person has to. The attempt is recorded.",
        "Ni all y sawl a ofynnodd am ail-yriad benderfynu arno: rhaid i berson arall wneud. Cofnodwyd yr ymgais.",
    )
    NO_SUCH_REDRIVE = (
        "There is no re-drive {about}.",
        "Nid oes ail-yriad {about}.",
    )
    NO_LETTER_IN_TABLES = (
        "There is no dead letter {about} in the database: is the projector running (dolen run projector)?",
        "Nid oes neges wrthodedig {about} yn y gronfa ddata: a yw'r taflunydd yn rhedeg (dolen run projector)?",
    )
    NOT_AGREED = (
        "Re-drive {about} is not agreed to.",
        "Ni chytunwyd i ail-yriad {about}.",
    )
    UNDER_WAY = (
        "Re-drive {about} is being carried out by somebody else.",
        "Mae rhywun arall wrthi'n cyflawni ail-yriad {about}.",
    )
    TOO_MANY = (
        "At most {about} letters at a time.",
        "Ar y mwyaf {about} neges ar y tro.",
    )
    NO_FORM = (
        "Not as it has to be: {about}. A reason is one line of at most 200 characters.",
        "Nid yw fel y dylai fod: {about}. Un llinell o 200 nod ar y mwyaf yw rheswm.",
    )

    WOULD_BE_TOLD = (
        "would be told, and is not",
        "fe'i hysbysid, ond ni wneir hynny nawr",
    )
    NO_LONGER_TOLD = (
        "is told, and would not be",
        "fe'i hysbysir, ond ni wneid hynny mwyach",
    )
    ANOTHER_VIEW = (
        "would be told with another view",
        "fe'i hysbysid â golwg arall",
    )
    OTHER_CONTENT = (
        "would be told with the same view, which shows something else",
        "fe'i hysbysid â'r un golwg, sy'n dangos rhywbeth arall",
    )
    NOT_LISTED = "no rule names it", "nid oes rheol yn ei enwi"
    NO_DIFFERENCE = (
        "Nobody would be told of anything otherwise.",
        "Ni hysbysid neb o ddim yn wahanol.",
    )
    COMPARED = (
        "{events} events of {read} records since {since}: {today} notifications by {policy}, {told} by {draft}.",
        "{events} digwyddiad o {read} cofnod ers {since}: {today} hysbysiad yn ôl {policy}, {told} yn ôl {draft}.",
    )
    COMPARED_CUT = (
        "There was more than {most} records since the moment asked for: only the newest were read.",
        "Roedd mwy na {most} cofnod ers yr eiliad y gofynnwyd amdani: dim ond y diweddaraf a ddarllenwyd.",
    )
    DIFFERENCE = "What would be otherwise", "Beth fyddai'n wahanol"
    NUMBER = "Number", "Nifer"
    EXAMPLES = "For example", "Er enghraifft"
    TYPE = "Type", "Math"

    NOTHING_FITS = (
        "Nothing fits.",
        "Nid oes dim yn cyfateb.",
    )
    MORE = (
        "There is more: --before {cursor}",
        "Mae rhagor: --before {cursor}",
    )
    UNANSWERED = (
        "nothing came back",
        "dim wedi dod yn ôl",
    )
    BOOKS = (
        "{events} events: {accepted} accepted, {duplicate} repeats, {conflict} in conflict, {rejected} rejected.",
        "{events} digwyddiad: {accepted} wedi'u derbyn, {duplicate} ailanfoniad, {conflict} mewn gwrthdaro, "
        "{rejected} wedi'u gwrthod.",
    )
    BOOKS_HOLD = (
        "The books balance.",
        "Mae'r cyfrifon yn cyd-fynd.",
    )
    BOOKS_OFF = (
        "THE BOOKS DO NOT BALANCE:",
        "NID YW'R CYFRIFON YN CYD-FYND:",
    )

    def say(self, language: Language, **parts: object) -> str:
        """The text in a language, with its parts filled in."""
        english, welsh = self.value
        text = welsh if language is Language.CY else english
        return text.format(**parts) if parts else text


REASONS: dict[str, Label] = {
    "entitled": Label.ENTITLED,
    "is-sender": Label.IS_SENDER,
    "conflict-of-interest": Label.CONFLICT_OF_INTEREST,
    "shielded": Label.SHIELDED,
    "not-in-network": Label.NOT_IN_NETWORK,
    "agreement-not-started": Label.AGREEMENT_NOT_STARTED,
    "agreement-lapsed": Label.AGREEMENT_LAPSED,
    "not-called-for": Label.NOT_CALLED_FOR,
    "not-on-roll": Label.NOT_ON_ROLL,
    "kind-not-listed": Label.KIND_NOT_LISTED,
    "no-such-relation": Label.NO_SUCH_RELATION,
    "not-listed": Label.NOT_LISTED,
    "not-our-child": Label.NOT_OUR_CHILD,
    "child-not-identified": Label.CHILD_NOT_IDENTIFIED,
    "not-entitled": Label.NOT_ENTITLED,
    "unreadable": Label.UNREADABLE,
    "other": Label.OTHER,
    "not-opened-in-time": Label.NOT_OPENED_IN_TIME,
    "school-closed": Label.SCHOOL_CLOSED,
    "nobody-designated": Label.NOBODY_DESIGNATED,
    "school-unknown": Label.SCHOOL_UNKNOWN,
    "pointer-bounced": Label.POINTER_BOUNCED,
    "not-answering": Label.NOT_ANSWERING,
    "asked-to-stop": Label.ASKED_TO_STOP,
}
"""Reasons of the policy (hub/route.py) and its `diff`, and of recipients (contracts/events/receipts.py)."""

DIFFERENCES: dict[str, Label] = {
    "told": Label.WOULD_BE_TOLD,
    "no-longer": Label.NO_LONGER_TOLD,
    "view": Label.ANOTHER_VIEW,
    "content": Label.OTHER_CONTENT,
}
"""What each way in which a draft of the policy differs (hub/observe/policy_diff.py) is called."""


def reason(code: str, language: Language) -> str:
    """What a reason code means; the code itself where it is newer than this catalogue."""
    found = REASONS.get(code)
    return code if found is None else found.say(language)
