"""What invented practitioners write and invented children say, in the language that they wrote or said it in."""

from datetime import date, timedelta
from random import Random
from typing import Literal, Protocol

from contracts.people import Child, ChildHeard, ChildNotHeard, ChildVoice
from contracts.text import Language, Statement

SPEAKS = timedelta(days=3 * 365)

About = Literal[
    "concern", "circumstances", "reasons", "basis", "progress", "plan", "why-not-told", "parents", "explanation",
    "handover", "task", "dissent", "afterwards", "note", "refusal", "question",
]  # fmt: skip
"""What a statement is about."""


class Words(Protocol):
    """Whoever finds the words for an episode."""

    def statement(self, about: About) -> Statement:
        """What a practitioner writes about something."""
        ...

    def voice(self, child: Child) -> ChildVoice:
        """What a child says, or why it can't be told."""
        ...


_STATEMENTS: dict[About, tuple[tuple[str, Language], ...]] = {
    "concern": (
        ("The child came to school hungry three days in a row and did not want to go home.", "en"),
        ("Daeth y plentyn i'r ysgol heb gôt a chleisiau ar ei fraich, heb esboniad cyson.", "cy"),
        ("Neighbours heard shouting at night; the child was seen alone at the window.", "en"),
        ("Ni ddaethpwyd â'r plentyn i dri apwyntiad iechyd yn olynol.", "cy"),
    ),
    "circumstances": (
        ("Police attended in the night. The child was upstairs and heard it. May be tired today.", "en"),
        ("Bu'r heddlu yn y cartref neithiwr. Roedd y plentyn yn effro. Byddwch yn ystyriol heddiw.", "cy"),
    ),
    "reasons": (
        ("What was reported and what agencies hold already give cause to suspect significant harm.", "en"),
        ("Mae'r hyn a adroddwyd, gyda'r hyn sy'n hysbys eisoes, yn achos i amau niwed sylweddol.", "cy"),
        ("The family accepts help, and the risk can be met by a care and support plan.", "en"),
        ("Mae'r teulu'n derbyn cymorth, a gellir rheoli'r risg drwy gynllun gofal a chymorth.", "cy"),
    ),
    "basis": (
        ("Accounts of three agencies agree; nothing explains the injuries.", "en"),
        ("Mae adroddiadau tair asiantaeth yn cytuno; nid oes esboniad am yr anafiadau.", "cy"),
    ),
    "progress": (
        ("Attendance is up to nine days in ten and the home is warm; trust in workers is still thin.", "en"),
        ("Mae'r presenoldeb yn well a'r cartref yn gynnes; mae angen amser i fagu ymddiriedaeth.", "cy"),
        ("Two of five actions are done; the parenting course has not begun.", "en"),
    ),
    "plan": (
        ("Weekly visits, a safe adult named at school, no unsupervised contact, review in three months.", "en"),
        ("Ymweliadau wythnosol, oedolyn diogel yn yr ysgol, adolygiad ymhen tri mis.", "cy"),
    ),
    "why-not-told": (
        ("A parent is suspected; telling the family now could put the child at risk.", "en"),
        ("Amheuir un o'r rhieni; gallai dweud wrth y teulu nawr beryglu'r plentyn.", "cy"),
    ),
    "parents": (
        ("Mother agrees that things must change and asks for help with the nights.", "en"),
        ("Mae'r tad yn anghytuno â'r pryder ond yn barod i weithio gyda'r cynllun.", "cy"),
    ),
    "explanation": (
        ("Nobody came to the door; the car was there and a light was on.", "en"),
        ("Gwrthodwyd mynediad i'r tŷ; ni welwyd y plentyn.", "cy"),
    ),
    "handover": (
        ("Both workers visited together; the child knows the new one by name.", "en"),
        ("Ymwelodd y ddau weithiwr gyda'i gilydd; mae'r plentyn yn adnabod yr un newydd.", "cy"),
    ),
    "task": (
        ("See the child alone at school before the weekend.", "en"),
        ("Trefnu archwiliad meddygol cyn diwedd yr wythnos.", "cy"),
    ),
    "dissent": (
        ("The school does not think that the change has lasted long enough.", "en"),
        ("Nid yw'r ysgol yn credu bod y newid wedi para'n ddigon hir.", "cy"),
    ),
    "afterwards": (
        ("A care and support plan goes on for six months; the school counsellor stays.", "en"),
        ("Bydd cynllun gofal a chymorth yn parhau am chwe mis.", "cy"),
    ),
    "note": (
        ("Told by telephone by a relative; confirmed at the new address.", "en"),
        ("Clywyd gan berthynas dros y ffôn; cadarnhawyd yn y cyfeiriad newydd.", "cy"),
    ),
    "refusal": (
        ("No child of this name and date of birth is known here.", "en"),
        ("Nid oes plentyn o'r enw a'r dyddiad geni hwn yn hysbys yma.", "cy"),
    ),
    "question": (
        ("Who will tell the parents, and when?", "en"),
        ("Pwy fydd yn dweud wrth y rhieni, a phryd?", "cy"),
    ),
}

_SAID: tuple[tuple[str, Language], ...] = (
    ("I like it when Nain comes. I don't like the shouting.", "en"),
    ("Dw i ddim eisiau mynd adref heno.", "cy"),
    ("I keep my coat on in bed so that I can go quick.", "en"),
    ("Mae'n well nawr. Dw i'n cysgu yn fy ngwely fy hun.", "cy"),
)
_SEEN: tuple[tuple[str, Language], ...] = (
    ("Too young to speak; reached for the worker and would not be put down.", "en"),
    ("Yn rhy ifanc i siarad; roedd yn dawel iawn ac yn gwylio'r drws.", "cy"),
)


class AnyWords:
    """Finds words by chance."""

    def __init__(self, rng: Random, on: date) -> None:
        """`on`: the day from which a child's age is counted."""
        self._rng = rng
        self._on = on

    def statement(self, about: About) -> Statement:
        """One of those that fit."""
        text, language = self._rng.choice(_STATEMENTS[about])
        return Statement(text=text, language=language)

    def voice(self, child: Child) -> ChildVoice:
        """Captured for most children who are born."""
        if child.expected_delivery is not None:
            return unborn_voice()
        if self._rng.random() < 0.1:
            return ChildNotHeard(
                status="not-captured", reason="child-not-reached", explanation=self.statement("explanation")
            )
        speaks = child.date_of_birth is not None and self._on - child.date_of_birth > SPEAKS
        words, language = self._rng.choice(_SAID if speaks else _SEEN)
        return ChildHeard(
            status="captured",
            seen=True,
            seen_alone=self._rng.random() < 0.8,
            words=words,
            language=language,
            advocate_offered=self._rng.random() < 0.7,
        )


def unborn_voice() -> ChildNotHeard:
    """Why an unborn child's voice is not there."""
    return ChildNotHeard(
        status="not-captured",
        reason="unborn",
        explanation=Statement(text="Heb ei eni eto / Not yet born", language="cy"),
    )
