"""Why a file was not taken: stable codes, each with what the force can do about it, in Welsh and English."""

from dataclasses import dataclass
from enum import StrEnum

from adapters.sdk.declaration import NotTranslated


class Reason(StrEnum):
    """Codes never change their meaning; they stand in reason files and logs."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"
    NOT_UTF8 = "not-utf8"
    NOT_XML = "not-xml"
    FORBIDDEN_XML = "forbidden-xml"
    NOT_JSON = "not-json"
    DUPLICATE_KEY = "duplicate-key"
    NOT_A_NOTICE = "not-a-notice"
    ANOTHER_FORCE = "another-force"
    CHILD_TWICE = "child-twice"
    CHILD_NOT_LISTED = "child-not-listed"
    CHILD_LEFT_OUT = "child-left-out"
    RULE_BROKEN = "rule-broken"
    REFERENCE_REUSED = "reference-reused"
    NAME = "name"
    NOT_A_PLAIN_FILE = "not-a-plain-file"
    UNKNOWN_FORMAT = "unknown-format"
    ZIP_BROKEN = "zip-broken"
    ZIP_ENCRYPTED = "zip-encrypted"
    ZIP_PATH = "zip-path"
    ZIP_NESTED = "zip-nested"
    ZIP_TOO_MUCH = "zip-too-much"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What the force can do."""

    en: str
    cy: str


REMEDIES: dict[Reason, Remedy] = {
    Reason.EMPTY: Remedy(
        "Write the whole file under a name that ends in .part, then rename it.",
        "Ysgrifennwch y ffeil gyfan dan enw sy'n gorffen yn .part, yna ei hailenwi.",
    ),
    Reason.TOO_LARGE: Remedy(
        "Point to long documents rather than including them; a notice has at most 1 MiB.",
        "Cyfeiriwch at ddogfennau hir yn hytrach na'u cynnwys; mae gan hysbysiad 1 MiB ar y mwyaf.",
    ),
    Reason.NOT_UTF8: Remedy("Export the file as UTF-8.", "Allforiwch y ffeil fel UTF-8."),
    Reason.NOT_XML: Remedy(
        "Export well-formed XML 1.0; if the file is cut off, write it under .part and rename it when it is whole.",
        "Allforiwch XML 1.0 cywir ei ffurf; os torrwyd y ffeil yn fyr, ysgrifennwch hi dan .part a'i hailenwi wedyn.",
    ),
    Reason.FORBIDDEN_XML: Remedy(
        "Leave out the DOCTYPE and all entity declarations.",
        "Hepgorwch y DOCTYPE a phob datganiad endid.",
    ),
    Reason.NOT_JSON: Remedy(
        "Export one JSON object (RFC 8259), without NaN or Infinity.",
        "Allforiwch un gwrthrych JSON (RFC 8259), heb NaN nac Infinity.",
    ),
    Reason.DUPLICATE_KEY: Remedy(
        "Write each key of a JSON object once.", "Ysgrifennwch bob allwedd mewn gwrthrych JSON unwaith."
    ),
    Reason.NOT_A_NOTICE: Remedy(
        "Make the element at this path what notice.xsd says, then drop the file again.",
        "Gwnewch yr elfen ar y llwybr hwn yn unol â notice.xsd, yna gollyngwch y ffeil eto.",
    ),
    Reason.ANOTHER_FORCE: Remedy(
        "Drop a notice in the directory of its own force.",
        "Gollyngwch hysbysiad yng nghyfeiriadur ei heddlu ei hun.",
    ),
    Reason.CHILD_TWICE: Remedy("List each child once.", "Rhestrwch bob plentyn unwaith."),
    Reason.CHILD_NOT_LISTED: Remedy("Add a Child with this nominal number.", "Ychwanegwch Child â'r rhif enwol hwn."),
    Reason.CHILD_LEFT_OUT: Remedy(
        "Say of each Child what the notice is about, or leave the child out.",
        "Dywedwch am bob Child beth yw pwnc yr hysbysiad, neu hepgorwch y plentyn.",
    ),
    Reason.RULE_BROKEN: Remedy(
        "Mend what the rules named here say, then drop the file again.",
        "Cywirwch yr hyn y mae'r rheolau a enwir yma yn ei ddweud, yna gollyngwch y ffeil eto.",
    ),
    Reason.REFERENCE_REUSED: Remedy(
        "This reference and version were sent before with other content, which stands: raise NoticeVersion.",
        "Anfonwyd y cyfeirnod a'r fersiwn hyn o'r blaen â chynnwys arall, sy'n sefyll: codwch NoticeVersion.",
    ),
    Reason.NAME: Remedy(
        "Name the file with printable characters, at most 150 bytes.",
        "Enwch y ffeil â nodau argraffadwy, 150 beit ar y mwyaf.",
    ),
    Reason.NOT_A_PLAIN_FILE: Remedy(
        "Drop the file itself, not a link, pipe or folder.", "Gollyngwch y ffeil ei hun, nid dolen, pibell na ffolder."
    ),
    Reason.UNKNOWN_FORMAT: Remedy(
        "Drop .xml, .json or .zip; a file under way ends in .part.",
        "Gollyngwch .xml, .json neu .zip; mae ffeil ar ei ffordd yn gorffen yn .part.",
    ),
    Reason.ZIP_BROKEN: Remedy(
        "Make the ZIP file again (no ZIP64, stored or deflated, no overlapping entries).",
        "Gwnewch y ffeil ZIP eto (dim ZIP64, wedi'i storio neu ei chywasgu â deflate, dim cofnodion sy'n gorgyffwrdd).",
    ),
    Reason.ZIP_ENCRYPTED: Remedy(
        "Leave out the password: the directory itself is protected.",
        "Hepgorwch y cyfrinair: mae'r cyfeiriadur ei hun wedi'i ddiogelu.",
    ),
    Reason.ZIP_PATH: Remedy(
        "Put the notices into the ZIP file without folders, drives, links or special characters in their names.",
        "Rhowch yr hysbysiadau yn y ffeil ZIP heb ffolderi, gyriannau, dolenni na nodau arbennig yn eu henwau.",
    ),
    Reason.ZIP_NESTED: Remedy(
        "Put only .xml and .json files into a ZIP file.", "Rhowch ffeiliau .xml a .json yn unig mewn ffeil ZIP."
    ),
    Reason.ZIP_TOO_MUCH: Remedy(
        "Split the ZIP file: at most 1,000 notices and 64 MiB unpacked, none packed more than a hundredfold.",
        "Rhannwch y ffeil ZIP: 1,000 o hysbysiadau a 64 MiB heb eu pacio ar y mwyaf, dim un dros ganwaith yn llai.",
    ),
}


class NotTaken(NotTranslated):
    """A file, or an entry of a ZIP file, that is not what it has to be; kept, and shown to the force."""

    def __init__(self, reason: Reason, *paths: str, rules: tuple[str, ...] = (), reference: str | None = None) -> None:
        """`paths` in the words of notice.xsd, `rules` in those of the event's type; never a value.

        `reference` is the notice's, where it could be read: a mended one with the same reference settles this.
        """
        super().__init__(reason.value, path=paths[0] if paths else "", remedy=REMEDIES[reason].en)
        self.reason = reason
        self.paths = paths
        self.rules = rules
        self.reference = reference
