"""Every word that `dolen audit` says to a reader, in English and in Welsh."""

from enum import Enum


class Word(Enum):
    """A word or sentence: English first, Welsh second; a part in braces is filled in."""

    CLEAN = (
        "Nothing is wrong: {inbound} events, {outputs} notifications and receipts, {letters} dead letters.",
        "Nid oes dim o'i le: {inbound} digwyddiad, {outputs} hysbysiad a derbynneb, {letters} llythyr marw.",
    )
    VIOLATIONS = (
        "{count} things are not as they have to be, in {inbound} events and {outputs} notifications and receipts.",
        "Nid yw {count} peth fel y dylent fod, mewn {inbound} digwyddiad a {outputs} hysbysiad a derbynneb.",
    )
    MORE = ("… and {count} more; --json tells up to {kept}.", "… a {count} arall; mae --json yn dangos hyd at {kept}.")
    NOTE = ("{count} times: {note} ({code}).", "{count} gwaith: {note} ({code}).")
    OUTCOMES = ("Outcomes", "Canlyniadau")
    AGENCY = ("Agency", "Asiantaeth")
    DUE = ("Notifications due", "Hysbysiadau i fod")
    THERE = ("there", "yno")
    RECEIPTS_DUE = ("Receipts due", "Derbynebau i fod")
    CODE = ("Code", "Cod")
    COUNT = ("Count", "Nifer")
    MEANING = ("What it means", "Beth mae'n ei olygu")
    PLACE = ("Record", "Cofnod")
    ABOUT = ("Event", "Digwyddiad")
    DETAIL = ("Detail", "Manylyn")

    def __init__(self, en: str, cy: str) -> None:
        self.en = en
        self.cy = cy

    def say(self, *, welsh: bool, **parts: object) -> str:
        """The text in one of the two languages."""
        return (self.cy if welsh else self.en).format(**parts)
