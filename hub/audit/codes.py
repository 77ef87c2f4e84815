"""What an audit can find: stable codes, in both languages. A code never changes its meaning."""

from enum import Enum


class Code(Enum):
    """A violation: 1xx ledger, 2xx outcome and decisions, 3xx notifications, 4xx answers, 5xx balance, 6xx edges."""

    NO_LEDGER_RECORD = (
        "AUD-101",
        "An event that the hub has read has no ledger record",
        "Nid oes cofnod yn y cyfriflyfr ar gyfer digwyddiad a ddarllenwyd gan yr hyb",
    )
    LEDGER_TWICE = (
        "AUD-102",
        "An event has more than one ledger record",
        "Mae gan ddigwyddiad fwy nag un cofnod yn y cyfriflyfr",
    )
    NO_INBOUND_RECORD = (
        "AUD-103",
        "A ledger record is about an event that is not there",
        "Mae cofnod cyfriflyfr yn sôn am ddigwyddiad nad yw yno",
    )
    LEDGER_UNREADABLE = (
        "AUD-104",
        "A ledger record does not have its form, or stands in another lane",
        "Nid yw ffurf cofnod cyfriflyfr yn gywir, neu mae mewn lôn arall",
    )
    CHAIN_NUMBER = (
        "AUD-105",
        "The numbers of a lane's ledger do not follow each other",
        "Nid yw rhifau cyfriflyfr lôn yn dilyn ei gilydd",
    )
    CHAIN_HASH = (
        "AUD-106",
        "A ledger record does not name the one before it: one of the two was changed",
        "Nid yw cofnod cyfriflyfr yn enwi'r un o'i flaen: newidiwyd un o'r ddau",
    )
    CUT_OFF = (
        "AUD-107",
        "A lane's ledger does not hold what its last checkpoint says: its end was cut off, or it was written anew",
        "Nid yw cyfriflyfr lôn yn dal yr hyn y mae ei bwynt gwirio olaf yn ei ddweud: torrwyd ei ddiwedd, neu fe'i "
        "hysgrifennwyd o'r newydd",
    )
    LEDGER_AHEAD = (
        "AUD-108",
        "The ledger or an output is ahead of the offsets that the hub committed",
        "Mae'r cyfriflyfr neu allbwn ar y blaen i'r safleoedd a gadarnhawyd gan yr hyb",
    )
    PARTITIONS = (
        "AUD-109",
        "A topic has another number of partitions than there are lanes",
        "Mae gan bwnc nifer arall o raniadau na nifer y lonydd",
    )
    LEDGER_ORDER = (
        "AUD-110",
        "The ledger has a topic's events in another order than they arrived",
        "Mae digwyddiadau pwnc mewn trefn arall yn y cyfriflyfr nag y cyrhaeddon nhw",
    )

    CHECKPOINT_FORGED = (
        "AUD-111",
        "A lane's checkpoint is not signed by the hub, or does not have its form",
        "Nid yw pwynt gwirio lôn wedi'i lofnodi gan yr hyb, neu nid yw ei ffurf yn gywir",
    )

    ACCEPTED_TWICE = (
        "AUD-201",
        "The same event was accepted twice",
        "Derbyniwyd yr un digwyddiad ddwywaith",
    )
    FIRST_NOT_ACCEPTED = (
        "AUD-202",
        "A repeat or a conflict names a first that the ledger does not hold as accepted",
        "Mae ailanfoniad neu wrthdaro'n enwi cyntaf nad yw'r cyfriflyfr yn ei ddal fel un a dderbyniwyd",
    )
    REPEAT_OR_CONFLICT = (
        "AUD-203",
        "Other content counted as a repeat, or the same content as a conflict",
        "Cyfrifwyd cynnwys arall yn ailanfoniad, neu'r un cynnwys yn wrthdaro",
    )
    REFUSED_THOUGH_VALID = (
        "AUD-204",
        "A valid event of its signer was turned away",
        "Gwrthodwyd digwyddiad dilys gan ei lofnodwr",
    )
    TAKEN_THOUGH_INVALID = (
        "AUD-205",
        "What is not a valid event of its signer was taken",
        "Cymerwyd rhywbeth nad yw'n ddigwyddiad dilys gan ei lofnodwr",
    )
    FIRST_AFTER_REPEAT = (
        "AUD-206",
        "The first of an event stands behind its repeat in the same partition",
        "Mae'r cyntaf o ddigwyddiad y tu ôl i'w ailanfoniad yn yr un rhaniad",
    )
    WRONG_FAULTS = (
        "AUD-207",
        "An event was turned away for other reasons than it has",
        "Gwrthodwyd digwyddiad am resymau eraill na'r rhai sydd ganddo",
    )
    LEDGER_SAYS_OTHERWISE = (
        "AUD-208",
        "A ledger record says otherwise than the event that it is about",
        "Mae cofnod cyfriflyfr yn dweud yn wahanol i'r digwyddiad y mae amdano",
    )
    REDRIVE_WRONG = (
        "AUD-209",
        "A record counts as a re-drive that the hub does not attest, sent too often, or did not refuse before",
        "Mae cofnod yn cyfrif fel un a ail-yrrwyd, ond nid yw'r hyb yn tystio iddo, fe'i hanfonodd yn rhy aml, neu ni "
        "wrthododd mohono o'r blaen",
    )
    TOLD_NOT_ENTITLED = (
        "AUD-211",
        "The ledger tells somebody whom the policy does not entitle",
        "Mae'r cyfriflyfr yn hysbysu rhywun nad oes gan y polisi hawl iddo",
    )
    ENTITLED_NOT_TOLD = (
        "AUD-212",
        "The ledger does not tell somebody whom the policy entitles",
        "Nid yw'r cyfriflyfr yn hysbysu rhywun y mae gan y polisi hawl iddo",
    )
    WRONG_VIEW = (
        "AUD-213",
        "The ledger gives a recipient another view than the policy",
        "Mae'r cyfriflyfr yn rhoi golwg arall i dderbynnydd na'r polisi",
    )
    WRONG_REASON = (
        "AUD-214",
        "The ledger gives another rule, basis, agreement or reason than the policy",
        "Mae'r cyfriflyfr yn rhoi rheol, sail, cytundeb neu reswm arall na'r polisi",
    )
    WRONG_REFERENCE = (
        "AUD-215",
        "A decision of the ledger names another notification, or nobody twice",
        "Mae penderfyniad yn y cyfriflyfr yn enwi hysbysiad arall, neu rywun ddwywaith",
    )

    LOST = (
        "AUD-301",
        "Somebody entitled has no notification",
        "Nid oes hysbysiad gan rywun â hawl iddo",
    )
    DOUBLED = (
        "AUD-302",
        "A notification is there more than once",
        "Mae hysbysiad yno fwy nag unwaith",
    )
    NOBODY_ENTITLED = (
        "AUD-303",
        "There is a notification that no accepted event calls for",
        "Mae hysbysiad nad oes unrhyw ddigwyddiad a dderbyniwyd yn galw amdano",
    )
    WRONG_TOPIC = (
        "AUD-304",
        "What is for one agency stands on another's topic",
        "Mae'r hyn sydd i un asiantaeth ar bwnc un arall",
    )
    WRONG_PARTITION = (
        "AUD-305",
        "An output stands in another partition than its event",
        "Mae allbwn mewn rhaniad arall na'i ddigwyddiad",
    )
    FIELD_BEYOND_VIEW = (
        "AUD-306",
        "A notification shows a field beyond its recipient's view",
        "Mae hysbysiad yn dangos maes y tu hwnt i olwg ei dderbynnydd",
    )
    FIELD_LEFT_OUT = (
        "AUD-307",
        "A notification lacks a field that its recipient's view shows",
        "Mae hysbysiad heb faes y mae golwg ei dderbynnydd yn ei ddangos",
    )
    VALUE_CHANGED = (
        "AUD-308",
        "A notification says otherwise than its event",
        "Mae hysbysiad yn dweud yn wahanol i'w ddigwyddiad",
    )
    WRONG_VIEW_NAME = (
        "AUD-309",
        "A notification names another view than its recipient is given",
        "Mae hysbysiad yn enwi golwg arall na'r un a roddir i'w dderbynnydd",
    )
    WRONG_ENVELOPE = (
        "AUD-310",
        "The envelope of a notification is not its event's",
        "Nid amlen ei ddigwyddiad sydd gan hysbysiad",
    )
    WRONG_KEY = (
        "AUD-311",
        "An output has another key than its subject",
        "Mae gan allbwn allwedd arall na'i bwnc",
    )
    WRONG_TRACE = (
        "AUD-312",
        "An output's traceparent is not that of its event's trace",
        "Nid traceparent olrheiniad ei ddigwyddiad sydd gan allbwn",
    )
    WRONG_ID = (
        "AUD-313",
        "An output has another id than a retry would give it",
        "Mae gan allbwn id arall na'r un y byddai ailgynnig yn ei roi",
    )
    OUTPUT_UNREADABLE = (
        "AUD-314",
        "An output does not have its form",
        "Nid yw ffurf allbwn yn gywir",
    )
    OUT_OF_ORDER = (
        "AUD-315",
        "A child's events reached somebody in another order than they were sent",
        "Cyrhaeddodd digwyddiadau plentyn rywun mewn trefn arall nag y'u hanfonwyd",
    )
    WRONG_DIGEST = (
        "AUD-316",
        "A notification's bytes are not those that the ledger names",
        "Nid y beitiau y mae'r cyfriflyfr yn eu henwi sydd gan hysbysiad",
    )
    WRONG_HEADERS = (
        "AUD-317",
        "An output has other headers than traceparent and content-type",
        "Mae gan allbwn benynnau eraill na traceparent a content-type",
    )

    LETTER_MISSING = (
        "AUD-401",
        "An event that was turned away has no dead letter",
        "Nid oes llythyr marw ar gyfer digwyddiad a wrthodwyd",
    )
    LETTER_TWICE = (
        "AUD-402",
        "An event has more than one dead letter",
        "Mae gan ddigwyddiad fwy nag un llythyr marw",
    )
    LETTER_WRONG = (
        "AUD-403",
        "A dead letter says otherwise than the ledger",
        "Mae llythyr marw'n dweud yn wahanol i'r cyfriflyfr",
    )
    LETTER_FOR_NOTHING = (
        "AUD-404",
        "There is a dead letter for an event that was not turned away",
        "Mae llythyr marw ar gyfer digwyddiad na wrthodwyd",
    )
    RECEIPT_MISSING = (
        "AUD-411",
        "A sender was not told what became of an event",
        "Ni ddywedwyd wrth anfonwr beth a ddaeth o ddigwyddiad",
    )
    RECEIPT_TWICE = (
        "AUD-412",
        "A sender was told twice what became of an event",
        "Dywedwyd ddwywaith wrth anfonwr beth a ddaeth o ddigwyddiad",
    )
    RECEIPT_WRONG = (
        "AUD-413",
        "A receipt says otherwise than what became of the event",
        "Mae derbynneb yn dweud yn wahanol i'r hyn a ddaeth o'r digwyddiad",
    )
    RECEIPT_FOR_NOTHING = (
        "AUD-414",
        "There is a receipt that no event calls for",
        "Mae derbynneb nad oes unrhyw ddigwyddiad yn galw amdani",
    )

    BALANCE = (
        "AUD-501",
        "An agency's notifications and receipts do not add up to what was decided",
        "Nid yw hysbysiadau a derbynebau asiantaeth yn cyfateb i'r hyn a benderfynwyd",
    )

    HANDED_OVER_TWICE = (
        "AUD-601",
        "A recipient says of one notification more than once, under different ids, that its system has it",
        "Mae derbynnydd yn dweud fwy nag unwaith, bob tro dan id arall, fod un hysbysiad yn ei system",
    )
    ANSWERED_FOR_NOTHING = (
        "AUD-602",
        "Somebody answers a notification that was never made for it",
        "Mae rhywun yn ateb hysbysiad na wnaed erioed ar ei gyfer",
    )
    SENT_OUT_OF_ORDER = (
        "AUD-603",
        "A sender's event about a child has a lower number than one that came before it",
        "Mae gan ddigwyddiad am blentyn rif is nag un a ddaeth o'i flaen gan yr un anfonwr",
    )

    def __init__(self, code: str, en: str, cy: str) -> None:
        self.code = code
        self.en = en
        self.cy = cy


class Note(Enum):
    """What an audit can't or needn't judge: told, and no violation."""

    OTHER_RULES = (
        "AUD-901",
        "events were decided by a policy, directory or network that this audit was not given: held against "
        "the ledger alone",
        "digwyddiad: penderfynwyd gan bolisi, cyfeiriadur neu rwydwaith na roddwyd i'r archwiliad hwn: yn ôl "
        "y cyfriflyfr yn unig",
    )
    HEADERS_UNSEEN = (
        "AUD-902",
        "events have headers that the audit's reader can't read, by a name or their number: "
        "their signer is taken from the ledger",
        "digwyddiad: mae ganddynt benynnau na all darllenydd yr archwiliad eu darllen, oherwydd enw neu eu nifer: "
        "cymerir y llofnodwr o'r cyfriflyfr",
    )
    SEQUENCE_BACK = (
        "AUD-903",
        "events carry a lower sequence number than an earlier event of the same sender and child: the "
        "sender's to explain",
        "digwyddiad: mae rhif dilyniant is na digwyddiad cynharach gan yr un anfonwr am yr un plentyn: i'r "
        "anfonwr ei egluro",
    )
    NOT_YET_READ = (
        "AUD-904",
        "events are not read by the hub yet, or were being decided during the audit",
        "digwyddiad: heb eu darllen gan yr hyb eto, neu'n cael eu penderfynu yn ystod yr archwiliad",
    )
    EXPIRED = (
        "AUD-905",
        "events are in the ledger and no longer on their topic: their time there is over",
        "digwyddiad: yn y cyfriflyfr ac nid ar eu pwnc mwyach: daeth eu hamser yno i ben",
    )

    NO_CHECKPOINT = (
        "AUD-906",
        "lanes have no checkpoint: an end of their ledger that was cut off would not show",
        "lôn heb bwynt gwirio: ni fyddai diwedd a dorrwyd o'u cyfriflyfr yn dangos",
    )
    OLD_CHECKPOINT = (
        "AUD-907",
        "lanes have a checkpoint that is over ten minutes older than the end of their ledger: is the hub keeping them?",
        "lôn â phwynt gwirio dros ddeng munud yn hŷn na diwedd eu cyfriflyfr: a yw'r hyb yn eu cadw?",
    )
    KEY_CAME_LATER = (
        "AUD-908",
        "events were refused for a key with which the hub had taken none yet: it came later",
        "digwyddiad: fe'u gwrthodwyd oherwydd allwedd nad oedd yr hyb wedi derbyn yr un gyda hi eto: daeth yn "
        "ddiweddarach",
    )

    def __init__(self, code: str, en: str, cy: str) -> None:
        self.code = code
        self.en = en
        self.cy = cy
