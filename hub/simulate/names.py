"""The names of invented people and places: made up for this project, from no list of anybody's."""

GIRLS = (
    "Mali", "Cadi", "Efa", "Nansi", "Lowri", "Heledd", "Gwenllian", "Betsan", "Seren", "Nel", "Fflur", "Erin",
    "Amelia", "Grace", "Ruby", "Zara", "Aisha", "Chloe", "Zofia", "Maya", "Tilly", "Eira",
)  # fmt: skip
BOYS = (
    "Ifan", "Osian", "Macsen", "Guto", "Gruff", "Iolo", "Steffan", "Twm", "Rhodri", "Elis", "Caio", "Efan",
    "Noah", "Jack", "Oliver", "Yusuf", "Kacper", "Leo", "Harvey", "Idris", "Callum", "Tariq",
)  # fmt: skip
ADULTS = (
    "Siân", "Eleri", "Nia", "Gwawr", "Meinir", "Catrin", "Huw", "Dafydd", "Gareth", "Emyr", "Aled", "Rhian",
    "Laura", "Karen", "Michelle", "Stephen", "Darren", "Priya", "Ahmed", "Louise", "Simon", "Joanne",
)  # fmt: skip
FAMILIES = (
    "Enghraifft", "Dychmygol", "Ffuglen", "Llythyren", "Pendramwnwgl", "Tresgawen", "Maesyrhaf", "Brynhoffnant",
    "Sampleford", "Inventley", "Nowhereham", "Testerton", "Fictley", "Makebelow", "Placeholme", "Exampleby",
)  # fmt: skip
"""All of them say that they are made up, in Welsh or English."""

STREETS = (
    "Stryd Ddychmygol", "Heol Enghraifft", "Lôn Ffuglen", "Clos y Prawf", "Rhodfa'r Enghreifftiau",
    "Example Street", "Invented Road", "Nowhere Close", "Fiction Avenue", "Sample Terrace",
)  # fmt: skip

TEAMS = {
    "social-services": ("Intake and Assessment", "Derbyn ac Asesu"),
    "education": ("Safeguarding in Education", "Diogelu mewn Addysg"),
    "police": ("Public Protection", "Amddiffyn y Cyhoedd"),
    "health": ("Safeguarding Children", "Diogelu Plant"),
    "probation": ("Public Protection", "Amddiffyn y Cyhoedd"),
    "schools": ("Designated Safeguarding Person", "Person Diogelu Dynodedig"),
    "third-sector": ("Family Support", "Cymorth i Deuluoedd"),
}
"""By kind of organisation, English and Welsh."""

ROLES = {
    "social-services": "Social worker",
    "education": "Education safeguarding officer",
    "police": "Detective constable",
    "health": "Named nurse, safeguarding",
    "probation": "Probation practitioner",
    "schools": "Designated safeguarding person",
    "third-sector": "Family support worker",
}
"""By kind of organisation: what somebody is who writes a report there."""
