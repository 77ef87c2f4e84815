"""The scenes of the family's story, in order: what happens, and what each step is for, in Welsh and in English."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from contracts.categories import Category
from contracts.events.circumstances import ChangedIdentifier, IdentifierChanged, NhsNumberChange
from contracts.events.conferences import ConferenceKind
from hub.simulate import changing, conferencing, reporting
from hub.simulate.answering import Answer, answered
from hub.simulate.draft import Draft, case, working_days
from hub.simulate.episode import Episode
from hub.simulate.story import (
    BABY,
    CHARITY,
    FITZALAN,
    HEALTH,
    MALI,
    OSIAN,
    POLICE,
    PROBATION,
    STANWELL,
    TREGANNA,
    VALE,
    Make,
    Memory,
    Scene,
    birth,
    school,
)

A_DAY = timedelta(days=1)
TO_THE_VALE = "vale-of-glamorgan-social-services"
EDUCATION = "/agencies/cardiff-education"
VALE_EDUCATION = "/agencies/vale-of-glamorgan-education"
LATER_CATEGORIES = (Category.EMOTIONAL_PSYCHOLOGICAL, Category.NEGLECT)


THREE = (("Mali", "Mali"), ("Osian", "Osian"), ("y plentyn heb ei eni", "the unborn child"))
"""What the children are called before the birth, in Welsh and in English."""


def _step(make: Callable[..., Draft], **more: Any) -> Make:
    """A step of the procedure as it is."""
    return lambda episode, at, memory: make(episode, at, **more)


def _answers(recipient: str, answer: Answer, to: str) -> Make:
    """A recipient's answer to the event of an earlier scene."""

    def make(episode: Episode, at: datetime, memory: Memory) -> Draft:
        kind = episode.world.kind(recipient)
        return answered(memory.events[to], recipient, answer, at, kind=kind, say=episode.say, rng=episode.rng)

    return make


def _new_coordinator(number: int) -> Make:
    def make(episode: Episode, at: datetime, memory: Memory) -> Draft:
        if number == MALI:
            memory.former, episode.coordinator = episode.coordinator, episode.people.coordinator()
        return changing.coordinator_changed(
            episode, at, number=number, coordinator=episode.coordinator, previous=memory.former
        )

    return make


def _booked(days: int, kind: ConferenceKind, last: int) -> Make:
    """A conference some days on; its last lawful date is counted in working days from now."""

    def make(episode: Episode, at: datetime, memory: Memory) -> Draft:
        return conferencing.conference_scheduled(
            episode, at, conference=kind, starts_at=at + days * A_DAY, last_lawful_date=working_days(at, last)
        )

    return make


def _born(episode: Episode, at: datetime, memory: Memory) -> Draft:
    birth(episode, at.date() - A_DAY)
    child = episode.child(BABY, HEALTH)
    data = ChangedIdentifier(
        **case(episode), child=child, changed_on=at.date(), nhs_number=NhsNumberChange(current=child.nhs_number)
    )
    return Draft(IdentifierChanged, HEALTH, child.reference, data)


def _changed_category(number: int) -> Make:
    def make(episode: Episode, at: datetime, memory: Memory) -> Draft:
        return conferencing.category_changed(episode, at, number=number, categories=LATER_CATEGORIES)

    return make


def _removed(number: int) -> Make:
    def make(episode: Episode, at: datetime, memory: Memory) -> Draft:
        episode.categories = LATER_CATEGORIES
        return conferencing.removed(episode, at, number=number, dissent=True)

    return make


def _to_fitzalan(episode: Episode, at: datetime, memory: Memory) -> Draft:
    new = school(episode.world, FITZALAN)
    return changing.school_changed(episode, at, number=OSIAN, source=EDUCATION, new=new)


SCENES: tuple[Scene, ...] = (
    Scene(
        0, "02:10",
        _step(reporting.incident, numbers=(MALI, OSIAN)),
        "Galwyd yr heddlu i'r cartref. Rhaid i'r ddwy ysgol wybod cyn dechrau'r diwrnod ysgol.",
        "Police were called to the home. Both schools must know before the school day begins.",
        name="incident",
        says={"circumstances": ("Roedd y plant yn effro ac yn y tŷ. Peidiwch â chodi'r peth.", "cy")},
        voices={
            MALI: ("Nes i guddio o dan y gwely.", "cy"),
            OSIAN: ("I stood on the stairs so that Mali stayed up.", "en"),
        },
    ),
    Scene(
        0, "03:05",
        _step(reporting.submitted, source=POLICE, possible_crime=True, harm="suffered"),
        "Adroddiad yr heddlu i wasanaethau cymdeithasol Caerdydd, am dri phlentyn: mae un heb ei eni.",
        "The police report to Cardiff's social services, about three children: one is not born yet.",
        name="report",
        says={
            "concern": ("An assault on the mother, who is 24 weeks pregnant, with both children in the house.", "en"),
            "why-not-told": ("The partner is in custody; telling the family now could put the mother at risk.", "en"),
        },
    ),
    Scene(
        0, "04:40",
        _step(conferencing.enquiry_made, number=BABY, source=HEALTH, answer="not-on-the-register"),
        "Mae'r adran frys yn gofyn a yw'r plentyn ar y gofrestr; mae'r ceidwad yn cael gwybod iddi ofyn.",
        "The emergency unit asks whether the child is on the register; the custodian learns that it asked.",
    ),
    Scene(
        0, "08:05",
        _answers(TREGANNA, "delivered", "incident"),
        "Mae'r hysbysiad yn system Ysgol Treganna.",
        "The notice is in Ysgol Treganna's system.",
    ),
    Scene(
        0, "08:20",
        _answers(TREGANNA, "opened", "incident"),
        "Mae'r person diogelu dynodedig wedi ei ddarllen, cyn i Mali gyrraedd.",
        "The designated safeguarding person has read it, before Mali arrives.",
    ),
    Scene(
        0, "08:25",
        _answers(TREGANNA, "accepted-by", "incident"),
        "Mae'n ymgymryd â'r gwaith: bydd rhywun yn cwrdd â Mali wrth y drws.",
        "She takes it on: somebody will meet Mali at the door.",
    ),
    Scene(
        0, "09:15",
        _step(reporting.acknowledged, referrer=POLICE),
        "Mae Caerdydd yn cydnabod yr adroddiad: penderfyniad o fewn un diwrnod gwaith.",
        "Cardiff acknowledges the report: a decision within one working day.",
    ),
    Scene(
        0, "10:40",
        _step(reporting.submitted, source=EDUCATION, referrer=TREGANNA, possible_crime=False, numbers=(MALI,)),
        "Mae Ysgol Treganna yn adrodd ar yr hyn a ddywedodd Mali wrth ei hathrawes, drwy ddesg addysg yr awdurdod.",
        "Ysgol Treganna reports what Mali told her teacher, by way of the authority's education desk.",
        name="school-report",
        says={
            "concern": ("Dywedodd Mali wrth ei hathrawes fod arni ofn mynd adref.", "cy"),
            "parents": ("Mae'r fam yn gwybod bod yr ysgol yn adrodd.", "cy"),
        },
        voices={MALI: ("Dw i ddim eisiau mynd adref heno.", "cy")},
    ),
    Scene(
        0, "11:20",
        _step(reporting.acknowledged, referrer=TREGANNA, numbers=(MALI,)),
        "Cydnabyddir adroddiad yr ysgol hefyd.",
        "The school's report is acknowledged too.",
    ),
    Scene(
        0, "12:30",
        _step(reporting.decided, referrer=TREGANNA, decision="strategy-discussion", numbers=(MALI,)),
        "Mae'r penderfyniad a'i resymau'n mynd yn ôl i'r ysgol: ni adewir yr un cylch ar agor.",
        "The decision and its reasons go back to the school: no loop is left open.",
        name="decided",
        says={
            "reasons": ("Mae'r ddau adroddiad gyda'i gilydd yn achos i amau niwed sylweddol.", "cy"),
            "basis": ("Two independent reports within eight hours; a known history in another area.", "en"),
        },
    ),
    Scene(
        0, "12:35",
        _step(reporting.decided, referrer=POLICE, decision="strategy-discussion"),
        "Yr un penderfyniad i'r heddlu, am y tri phlentyn.",
        "The same decision to the police, about all three children.",
    ),
    Scene(
        0, "13:00",
        _step(reporting.discussion_convened),
        "Galw trafodaeth strategaeth: yr heddlu a'r gwasanaethau cymdeithasol o leiaf, a phawb sy'n adnabod y plant.",
        "A strategy discussion is called: police and social services at least, and all who know the children.",
        name="convened",
        says={"concern": ("Domestic abuse with injury; a child who is afraid to go home; an unborn child.", "en")},
    ),
    Scene(
        0, "15:10",
        _answers(PROBATION, "refused", "convened"),
        "Mae'r gwasanaeth prawf yn gwrthod: nid yw'n adnabod y plentyn hwn. Mae'r anfonwr yn gwybod ar unwaith.",
        "Probation refuses: it does not know this child. The sender learns it at once.",
        says={"refusal": ("No current case is linked to this household.", "en")},
    ),
    Scene(
        0, "15:15",
        _answers(POLICE, "gap", "decided"),
        "Nid oedd gan yr heddlu hawl i'r gydnabyddiaeth i'r ysgol: nodir y bwlch, heb ddweud wrth neb.",
        "The police were not entitled to what acknowledged the school's report: the gap is noted, and nobody is told.",
    ),
    Scene(
        0, "15:17",
        _answers(TREGANNA, "opened", "convened"),
        "Mae Treganna yn agor yr alwad i'r drafodaeth.",
        "Treganna opens the call to the discussion.",
    ),
    Scene(
        0, "15:20",
        _answers(TREGANNA, "asked", "convened"),
        "Mae Treganna yn gofyn i'r gwasanaethau cymdeithasol pwy fydd yn siarad â'r teulu.",
        "Treganna asks social services who will speak to the family.",
        says={"question": ("Pwy fydd yn siarad â'r teulu, a phryd?", "cy")},
    ),
    Scene(
        0, "16:00",
        _answers(STANWELL, "escalated", "convened"),
        "Nid oes neb yn Stanwell yn agor y neges: dywedir wrth ddesg addysg yr awdurdod.",
        "Nobody at Stanwell opens it: the authority's education desk is told.",
    ),
    Scene(
        0, "17:30",
        _step(reporting.discussion_held, enquiry="joint", absent=(STANWELL,)),
        "Ymholiadau adran 47 ar y cyd, i bob plentyn. Nid oedd Stanwell yno; caiff wybod yr un fath.",
        "Joint section 47 enquiries, for each child. Stanwell was not there; it is told all the same.",
        name="discussion",
        says={
            "basis": ("Injury to the mother, fear in both children, previous incidents.", "en"),
            "task": ("See both children alone at school tomorrow, in the language each prefers.", "en"),
        },
    ),
    Scene(
        1, "09:00",
        _step(reporting.enquiry_started, enquiry="joint"),
        "Mae'r ymholiadau'n dechrau. O hyn ymlaen ni all rhiant dynnu plentyn o'r ysgol heb gydsyniad.",
        "The enquiries start. From now on a parent can't take a child out of school without consent.",
        name="enquiry",
        says={"parents": ("Mother wants help and agrees to the children being seen.", "en")},
    ),
    Scene(
        1, "11:00",
        _step(reporting.discussion_record),
        "Cofnod y drafodaeth: y cadeirydd sy'n penderfynu pwy sy'n cael copi llawn a phwy ran ohono.",
        "The record of the discussion: the chair decides who has a full copy and who a part of it.",
    ),
    Scene(
        1, "12:05",
        _answers(HEALTH, "accepted-by", "enquiry"),
        "Mae tîm diogelu'r bwrdd iechyd wedi derbyn y gwaith.",
        "The health board's safeguarding team has taken it on.",
    ),
    Scene(
        12, "16:00",
        _step(reporting.enquiry_concluded, determination="D3"),
        "Penderfyniad 3 i bob plentyn: wedi'i gadarnhau, mewn perygl. Rhaid cynnal cynhadledd.",
        "Determination 3 for each child: substantiated, at risk. There has to be a conference.",
        says={"basis": ("Both children describe repeated violence; the mother has been hurt three times.", "en")},
        voices={
            MALI: ("Mae'n well pan mae Nain yma.", "cy"),
            OSIAN: ("Somebody has to be there when he comes back.", "en"),
        },
    ),
    Scene(
        12, "16:30",
        _booked(4, "initial", 7),
        "Trefnu'r gynhadledd gychwynnol. Cyfrifir y dyddiad cyfreithlon olaf wrth ei threfnu.",
        "The initial conference is booked. Its last lawful date is worked out at booking.",
        says={"parents": ("Mother will come; she asks for a supporter and for Welsh.", "en")},
    ),
    Scene(
        16, "17:45",
        _step(conferencing.conference_held, conference="initial", decision="register", absent=(STANWELL,)),
        "Y gynhadledd: penderfyniad ar wahân i bob plentyn. Tri enw i'r gofrestr.",
        "The conference: a decision for each child on its own. Three names for the register.",
        name="conference",
        says={
            "reasons": ("Mae'r tri phlentyn mewn perygl parhaus o niwed emosiynol a chorfforol.", "cy"),
            "parents": ("Mother agrees; the partner was not invited, on police advice.", "en"),
        },
    ),
    *(
        Scene(
            16, f"18:{number:02}",
            _step(conferencing.registered, number=number),
            f"Enw {cy} ar y gofrestr.",
            f"The name of {en} on the register.",
        )
        for number, (cy, en) in enumerate(THREE)
    ),
    Scene(
        17, "10:00",
        _step(conferencing.core_group_scheduled, in_days=9, first=True),
        "Galw'r grŵp craidd cyntaf, o fewn deg diwrnod gwaith.",
        "The first core group is called, within ten working days.",
    ),
    Scene(
        20, "15:00",
        _step(conferencing.conference_summary, registered=True),
        "Crynodeb a chynllun amlinellol i bawb a wahoddwyd.",
        "Summary and outline plan to all who were invited.",
        says={"plan": ("Weekly visits, a safe adult at each school, midwife twice a month.", "en")},
    ),
    Scene(
        26, "16:30",
        _step(conferencing.core_group_held, plan="slow"),
        "Y grŵp craidd cyntaf: mae'r cynllun yn symud yn araf.",
        "The first core group: the plan moves slowly.",
        says={"progress": ("Visits have begun; the mother's own support has not.", "en")},
    ),
    Scene(
        33, "12:00",
        _step(conferencing.conference_record),
        "Cofnod llawn y gynhadledd: at ei gopi ei hun y cyfeirir pob un.",
        "The full record of the conference: each is pointed to its own copy.",
    ),
    Scene(
        41, "17:00",
        _step(changing.visit_missed, number=MALI),
        "Ni welwyd Mali pan oedd ymweliad i fod. Rhaid i'r grŵp craidd wybod.",
        "Mali was not seen when a visit was due. The core group must know.",
        says={"explanation": ("Neb yn ateb y drws; golau yn y gegin.", "cy")},
    ),
    Scene(
        47, "23:50",
        _step(conferencing.enquiry_made, number=OSIAN, source=POLICE, answer="on-the-register"),
        "Ganol nos mae'r heddlu'n gofyn am Osian: mae ar y gofrestr, a chaiff y cydlynydd wybod iddynt ofyn.",
        "At midnight the police ask about Osian: he is on the register, and the custodian learns that they asked.",
    ),
    Scene(
        54, "15:30",
        _step(conferencing.core_group_missed),
        "Ni chynhaliwyd y grŵp craidd: mae'r cydlynydd yn gadael.",
        "The core group did not take place: the co-ordinator is leaving.",
        says={"explanation": ("The co-ordinator is leaving and nobody had been named in her place.", "en")},
    ),
    *(
        Scene(
            60, f"09:0{number}",
            _new_coordinator(number),
            f"Cydlynydd newydd i {cy}: mae pawb yn cael gwybod ar yr un pryd.",
            f"A new co-ordinator for {en}: everybody is told at the same time.",
            says={"handover": ("Ymwelodd y ddau weithiwr cymdeithasol gyda'i gilydd.", "cy")},
        )
        for number, (cy, en) in enumerate(THREE)
    ),
    Scene(
        66, "13:15",
        _step(changing.child_moved, number=OSIAN, source=VALE_EDUCATION, stay="temporary", to_authority=TO_THE_VALE),
        "Mae desg addysg y Fro yn clywed bod Osian yn aros gyda'i nain ym Mhenarth. Pwy bynnag sy'n clywed sy'n dweud.",
        "The Vale's education desk hears that Osian stays with his grandmother in Penarth. Whoever hears says it.",
        says={"note": ("He told his form tutor; his grandmother confirmed it by telephone.", "en")},
    ),
    Scene(
        67, "10:20",
        _step(conferencing.temporarily_registered, number=OSIAN, source=VALE),
        "Mae Bro Morgannwg yn rhoi enw Osian ar ei chofrestr dros dro; Caerdydd sy'n gyfrifol o hyd.",
        "The Vale enters Osian's name on its register for the time being; Cardiff stays responsible.",
    ),
    Scene(
        80, "16:00",
        _step(conferencing.core_group_held, plan="slow", absent=(PROBATION,)),
        "Grŵp craidd: mae Osian yn ôl gartref.",
        "A core group: Osian is back home.",
        says={"progress": ("Osian is home again; both children have a safe adult at school.", "en")},
    ),
    Scene(
        86, "09:30",
        _booked(5, "review", 6),
        "Trefnu'r gynhadledd adolygu gyntaf, o fewn tri mis.",
        "The first review conference is booked, within three months.",
    ),
    Scene(
        91, "15:40",
        _step(
            conferencing.conference_held, conference="review", decision="change-category", categories=LATER_CATEGORIES
        ),
        "Yr adolygiad: nid niwed corfforol yw'r perygl mwyach, ond esgeulustod.",
        "The review: physical harm is no longer the risk, neglect is.",
        says={
            "reasons": ("Nid yw'r partner yn y cartref mwyach; mae'r fam wedi ymlâdd.", "cy"),
            "progress": ("The violence has ended; meals, sleep and school mornings have not found their feet.", "en"),
        },
        voices={
            MALI: ("Mae'n dawel nawr.", "cy"),
            OSIAN: ("I make the packed lunches.", "en"),
        },
    ),
    *(
        Scene(
            91, f"16:1{number}",
            _changed_category(number),
            f"Categorïau newydd i {cy}.",
            f"New categories for {en}.",
        )
        for number, (cy, en) in enumerate(THREE)
    ),
    Scene(
        110, "11:30",
        _born,
        "Ganed Non. Mae ganddi enw a rhif GIG bellach, a'r un cyfeirnod ag o'r blaen.",
        "Non is born. She has a name and an NHS number now, and the same reference as before.",
        voices={BABY: ("Yn cysgu'n dawel ym mreichiau ei mam.", "cy")},
    ),
    Scene(
        131, "08:50",
        _to_fitzalan,
        "Mae Osian yn newid ysgol, o'r Fro i Gaerdydd: rhaid i'r ysgol newydd wybod ar unwaith.",
        "Osian changes school, from the Vale to Cardiff: the new school must know at once.",
        name="school-changed",
    ),
    Scene(
        131, "08:51",
        _answers(FITZALAN, "system-off", "school-changed"),
        "Mae system gofnodi Fitzalan yn gofyn am ddim mwy: fe'i diffoddir. Mae'r porth yn hysbysu pobl fel o'r blaen.",
        "Fitzalan's own record system asks for no more: it is turned off. The portal tells people as before.",
    ),
    Scene(
        131, "09:05",
        _answers(FITZALAN, "refused", "school-changed"),
        "Nid yw enw Osian ar restr Fitzalan eto: nid ein disgybl ni, meddai'r ysgol.",
        "Osian is not on Fitzalan's list yet: the school says that he is no pupil of its own.",
        says={"refusal": ("No pupil of this name is on the list.", "en")},
    ),
    Scene(
        131, "09:40",
        _answers(FITZALAN, "restored", "school-changed"),
        "Mae desg addysg yr awdurdod yn gwybod yn well, ac yn rhoi'r neges yn ôl i'r ysgol.",
        "The authority's education desk knows better, and gives the notification back to the school.",
    ),
    Scene(
        131, "11:10",
        _answers(FITZALAN, "opened", "school-changed"),
        "Mae Ysgol Uwchradd Fitzalan wedi ei ddarllen.",
        "Fitzalan High School has read it.",
    ),
    Scene(
        131, "11:15",
        _answers(FITZALAN, "accepted-by", "school-changed"),
        "Mae'r person diogelu dynodedig yno yn ymgymryd â'r gwaith.",
        "The designated safeguarding person there takes it on.",
    ),
    Scene(
        150, "16:15",
        _step(conferencing.core_group_held, plan="on-track", absent=(PROBATION,)),
        "Grŵp craidd: mae'r cynllun yn gweithio.",
        "A core group: the plan works.",
        says={"progress": ("Attendance is above nine in ten; the home is warm and calm.", "en")},
        voices={MALI: ("Dw i'n cysgu trwy'r nos.", "cy"), OSIAN: ("Mum makes the lunches now.", "en")},
    ),
    Scene(
        240, "10:00",
        _booked(15, "review", 15),
        "Trefnu'r ail adolygiad, o fewn chwe mis.",
        "The second review is booked, within six months.",
        says={"parents": ("Mother looks forward to it.", "en")},
    ),
    Scene(
        255, "14:20",
        _step(conferencing.conference_held, conference="review", decision="remove", dissent=True, absent=(PROBATION,)),
        "Yr ail adolygiad: tri enw oddi ar y gofrestr. Mae un ysgol yn anghytuno, a chofnodir hynny.",
        "The second review: three names off the register. One school dissents, and that is recorded.",
        name="last-conference",
        says={
            "reasons": ("Mae'r newid wedi para naw mis a phob asiantaeth wedi'i weld.", "cy"),
            "progress": ("All five actions of the plan are done; the change has lasted for five months.", "en"),
            "dissent": ("Osian has been at this school for four months; we would rather wait one term more.", "en"),
        },
    ),
    *(
        Scene(
            255, f"15:0{number}",
            _removed(number),
            f"Enw {name} oddi ar y gofrestr, gyda'r rhesymau, y cynnydd a barn pob asiantaeth.",
            f"{name}'s name off the register, with the reasons, the progress and each agency's view.",
            says={"afterwards": ("A care and support plan for six months; Pont y Plant stays with the family.", "en")},
        )
        for number, name in enumerate(("Mali", "Osian", "Non"))
    ),
    Scene(
        258, "12:00",
        _step(conferencing.conference_summary, registered=False),
        "Crynodeb y gynhadledd olaf i bawb a gymerodd ran.",
        "The last conference's summary to all who took part.",
        name="last-summary",
        says={"plan": ("Care and support plan; family support twice a month; review in the spring.", "en")},
    ),
    Scene(
        262, "09:40",
        _answers(CHARITY, "accepted-by", "last-summary"),
        "Mae Pont y Plant yn parhau gyda'r teulu.",
        "Pont y Plant goes on with the family.",
    ),
)  # fmt: skip
