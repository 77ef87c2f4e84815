"""Why an event could not be taken: stable codes, in both languages, each with its remedy, never with a value."""

from dataclasses import dataclass
from enum import StrEnum


class FaultCode(StrEnum):
    """Codes never change their meaning; a new reason is a new code. 1xx who, 2xx bytes, 3xx content, 4xx repeats."""

    UNSIGNED = "HUB-101"
    SIGNATURE_MALFORMED = "HUB-102"
    KEY_UNKNOWN = "HUB-103"
    SIGNATURE_WRONG = "HUB-104"
    KEY_NOT_VALID = "HUB-105"
    NOT_THE_SIGNERS_SOURCE = "HUB-106"
    REDRIVE_NOT_ATTESTED = "HUB-107"
    EMPTY = "HUB-201"
    TOO_LARGE = "HUB-202"
    NOT_UTF8 = "HUB-203"
    NOT_JSON = "HUB-204"
    TOO_DEEP = "HUB-205"
    DUPLICATE_KEY = "HUB-206"
    NOT_A_NUMBER = "HUB-207"
    HEADER_NOT_UTF8 = "HUB-208"
    HEADERS_TOO_MANY = "HUB-209"
    UNKNOWN_TYPE = "HUB-301"
    WRONG_TOPIC = "HUB-302"
    NOT_YOURS_TO_SEND = "HUB-303"
    KEY_IS_NOT_SUBJECT = "HUB-304"
    FIELD_MISSING = "HUB-305"
    FIELD_UNKNOWN = "HUB-306"
    FIELD_INVALID = "HUB-307"
    TIME_IN_FUTURE = "HUB-308"
    UNKNOWN_ORGANISATION = "HUB-309"
    NOT_A_DELIVERY = "HUB-310"
    CONFLICT = "HUB-401"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one event; `path` is a field path such as `data.child.nhs_number`, empty for the whole."""

    code: FaultCode
    path: str = ""
    rule: str = ""
    """The broken rule's stable name, for example `string_pattern_mismatch` or `dolen_nhs_number`."""

    @property
    def remedy(self) -> str:
        """What the sender can do about it, in English."""
        return EXPLANATIONS[self.code].remedy_en


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means and what to do, in Welsh and English."""

    title_en: str
    title_cy: str
    remedy_en: str
    remedy_cy: str


EXPLANATIONS: dict[FaultCode, Explanation] = {
    FaultCode.UNSIGNED: Explanation(
        "The event carries no signature",
        "Nid oes llofnod ar y digwyddiad",
        "Send the header dolen-signature, made with your agency's key over the exact bytes of the value.",
        "Anfonwch y pennyn dolen-signature, wedi'i wneud ag allwedd eich asiantaeth dros union feitiau'r gwerth.",
    ),
    FaultCode.SIGNATURE_MALFORMED: Explanation(
        "The signature header does not have its form",
        "Nid yw ffurf pennyn y llofnod yn gywir",
        "Send exactly one header dolen-signature of the form v1,<key id>,<64 hexadecimal digits>.",
        "Anfonwch un pennyn dolen-signature yn union, ar y ffurf v1,<id yr allwedd>,<64 digid hecsadegol>.",
    ),
    FaultCode.KEY_UNKNOWN: Explanation(
        "The signing key is not known",
        "Nid yw'r allwedd lofnodi yn hysbys",
        "Use the key id that provisioning gave your agency, or ask the hub's operators for a new key.",
        "Defnyddiwch yr id allwedd a roddwyd i'ch asiantaeth, neu gofynnwch i weithredwyr yr hyb am allwedd newydd.",
    ),
    FaultCode.SIGNATURE_WRONG: Explanation(
        "The signature does not match the bytes",
        "Nid yw'r llofnod yn cyfateb i'r beitiau",
        "Sign the very bytes that are sent; do not format the JSON again after signing.",
        "Llofnodwch yr union feitiau a anfonir; peidiwch ag ailfformatio'r JSON ar ôl llofnodi.",
    ),
    FaultCode.KEY_NOT_VALID: Explanation(
        "The signing key was not valid when the event reached the broker",
        "Nid oedd yr allwedd lofnodi'n ddilys pan gyrhaeddodd y digwyddiad y brocer",
        "Sign with your agency's current key.",
        "Llofnodwch ag allwedd gyfredol eich asiantaeth.",
    ),
    FaultCode.NOT_THE_SIGNERS_SOURCE: Explanation(
        "The source is not a party of the agency that signed",
        "Nid yw'r ffynhonnell yn perthyn i'r asiantaeth a lofnododd",
        "Set source to /agencies/<your agency id>; an agency speaks only for itself.",
        "Gosodwch source yn /agencies/<id eich asiantaeth>; drosti'i hun yn unig y mae asiantaeth yn siarad.",
    ),
    FaultCode.REDRIVE_NOT_ATTESTED: Explanation(
        "The record says that it is a re-drive, and the hub did not send it",
        "Mae'r cofnod yn dweud ei fod wedi'i ail-yrru, ac nid yr hyb a'i hanfonodd",
        "Leave the header dolen-redrive out: the hub alone sets it, where its operators send a dead letter on.",
        "Gadewch y pennyn dolen-redrive allan: yr hyb yn unig sy'n ei osod, pan fydd ei weithredwyr yn anfon neges "
        "wrthodedig ymlaen.",
    ),
    FaultCode.EMPTY: Explanation(
        "The record has no value",
        "Nid oes gwerth i'r cofnod",
        "Send the event as the record's value; these topics have no tombstones.",
        "Anfonwch y digwyddiad fel gwerth y cofnod; nid oes cofnodion dileu ar y pynciau hyn.",
    ),
    FaultCode.TOO_LARGE: Explanation(
        "The event is larger than 256 KiB",
        "Mae'r digwyddiad yn fwy na 256 KiB",
        "Send a pointer to long documents, not the documents.",
        "Anfonwch bwyntydd at ddogfennau hir, nid y dogfennau eu hunain.",
    ),
    FaultCode.NOT_UTF8: Explanation(
        "The value is not valid UTF-8",
        "Nid yw'r gwerth yn UTF-8 dilys",
        "Encode the JSON as UTF-8.",
        "Amgodiwch y JSON fel UTF-8.",
    ),
    FaultCode.NOT_JSON: Explanation(
        "The value is not a JSON object",
        "Nid yw'r gwerth yn wrthrych JSON",
        "Send one CloudEvents 1.0 event as structured JSON.",
        "Anfonwch un digwyddiad CloudEvents 1.0 fel JSON strwythuredig.",
    ),
    FaultCode.TOO_DEEP: Explanation(
        "The JSON is nested too deeply",
        "Mae'r JSON wedi'i nythu'n rhy ddwfn",
        "Follow the type's JSON Schema: no event needs more than a dozen levels.",
        "Dilynwch JSON Schema y math: nid oes angen mwy na dwsin o lefelau ar unrhyw ddigwyddiad.",
    ),
    FaultCode.DUPLICATE_KEY: Explanation(
        "A JSON object has the same key twice",
        "Mae'r un allwedd ddwywaith mewn gwrthrych JSON",
        "Write each key once: readers disagree on which of two values counts.",
        "Ysgrifennwch bob allwedd unwaith: nid yw darllenwyr yn cytuno pa un o ddau werth sy'n cyfrif.",
    ),
    FaultCode.NOT_A_NUMBER: Explanation(
        "The JSON has NaN or Infinity",
        "Mae NaN neu Infinity yn y JSON",
        "Leave the field out, or send a number that JSON knows (RFC 8259).",
        "Gadewch y maes allan, neu anfonwch rif y mae JSON yn ei adnabod (RFC 8259).",
    ),
    FaultCode.HEADER_NOT_UTF8: Explanation(
        "A record header is not valid UTF-8",
        "Nid yw un o benynnau'r cofnod yn UTF-8 dilys",
        "Send text headers only; dolen-signature and traceparent are the two that are read.",
        "Anfonwch benynnau testun yn unig; dolen-signature a traceparent yw'r ddau a ddarllenir.",
    ),
    FaultCode.HEADERS_TOO_MANY: Explanation(
        "The record has more than 64 headers",
        "Mae gan y cofnod fwy na 64 pennyn",
        "Send dolen-signature and traceparent only.",
        "Anfonwch dolen-signature a traceparent yn unig.",
    ),
    FaultCode.UNKNOWN_TYPE: Explanation(
        "The event type or its version is not known",
        "Nid yw math y digwyddiad na'i fersiwn yn hysbys",
        "Use a type of the registry: dolen contracts export lists them.",
        "Defnyddiwch fath o'r gofrestr: mae dolen contracts export yn eu rhestru.",
    ),
    FaultCode.WRONG_TOPIC: Explanation(
        "The event type belongs to another topic",
        "Mae math y digwyddiad yn perthyn i bwnc arall",
        "Publish each type on the topic of its family.",
        "Cyhoeddwch bob math ar bwnc ei deulu.",
    ),
    FaultCode.NOT_YOURS_TO_SEND: Explanation(
        "An organisation of this kind does not publish this type",
        "Nid yw sefydliad o'r fath hwn yn cyhoeddi'r math hwn",
        "Ask the agency whose decision it is to publish it.",
        "Gofynnwch i'r asiantaeth sy'n gwneud y penderfyniad ei gyhoeddi.",
    ),
    FaultCode.KEY_IS_NOT_SUBJECT: Explanation(
        "The record's key is not the event's subject",
        "Nid allwedd y cofnod yw subject y digwyddiad",
        "Use the subject's text as the Kafka key: it keeps one child's events in order.",
        "Defnyddiwch destun subject fel allwedd Kafka: mae'n cadw digwyddiadau un plentyn mewn trefn.",
    ),
    FaultCode.FIELD_MISSING: Explanation(
        "A field is missing",
        "Mae maes ar goll",
        "Fill in the field at this path, or the reason that its type allows instead.",
        "Llenwch y maes ar y llwybr hwn, neu'r rheswm y mae ei fath yn ei ganiatáu yn ei le.",
    ),
    FaultCode.FIELD_UNKNOWN: Explanation(
        "A field is not part of the type",
        "Nid yw maes yn rhan o'r math",
        "Remove the field, or correct its spelling (its name is not repeated here, since it may hold data).",
        "Tynnwch y maes, neu cywirwch ei sillafiad (ni ailadroddir ei enw yma, gan y gall gynnwys data).",
    ),
    FaultCode.FIELD_INVALID: Explanation(
        "A field breaks its rule",
        "Mae maes yn torri ei reol",
        "Correct the field at this path by the rule named; the type's JSON Schema states it.",
        "Cywirwch y maes ar y llwybr hwn yn ôl y rheol a enwir; mae JSON Schema y math yn ei nodi.",
    ),
    FaultCode.TIME_IN_FUTURE: Explanation(
        "The event's time is later than the broker's",
        "Mae amser y digwyddiad yn hwyrach nag amser y brocer",
        "Set the sender's clock by NTP; up to five minutes ahead is allowed.",
        "Gosodwch gloc yr anfonwr drwy NTP; caniateir hyd at bum munud ymlaen.",
    ),
    FaultCode.UNKNOWN_ORGANISATION: Explanation(
        "The directory has no such organisation or school",
        "Nid oes sefydliad nac ysgol o'r fath yn y cyfeiriadur",
        "Use the ids that dolen directory show prints; ask for a newer directory if the school is new.",
        "Defnyddiwch yr ids y mae dolen directory show yn eu dangos; gofynnwch am gyfeiriadur newydd i ysgol newydd.",
    ),
    FaultCode.NOT_A_DELIVERY: Explanation(
        "The receipt is for a notification that this party was not sent",
        "Mae'r dderbynneb am hysbysiad na anfonwyd at y parti hwn",
        "Answer with the id, source and origin of the notification just as they were delivered.",
        "Atebwch ag id, source ac origin yr hysbysiad yn union fel y'u danfonwyd.",
    ),
    FaultCode.CONFLICT: Explanation(
        "This id was used before for other content",
        "Defnyddiwyd yr id hwn o'r blaen ar gyfer cynnwys arall",
        "Send the new content as a new event with an id of its own; the first stands.",
        "Anfonwch y cynnwys newydd fel digwyddiad newydd â'i id ei hun; mae'r cyntaf yn sefyll.",
    ),
}
