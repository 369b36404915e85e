"""Names of drugs, recognised by form: a dose behind the word, a stem of its class, or a short list.

The stems are those that the World Health Organization gives to classes of substances (INN stems);
the list holds common substances without a telling stem, and brand names that notes use as often.
No list is whole: a name in front of a dose is a name of a drug wherever it stands.
"""

from __future__ import annotations

import re

from appliance.documents import Span
from appliance.tasks.terms import STOPWORDS

_STEMS = (
    "pril|sartan|olol|statin|dipine|prazole|tidine|semide|thiazide|thalidone|gliptin|gliflozin"
    "|glutide|glitazone|formin|cillin|mycin|floxacin|cycline|azole|vir|virine|oxetine|talopram"
    "|tripty?line|azepam|zolam|barbital|azepine|gabalin|gabapentin|triptan|setron|caine|profen"
    "|coxib|olone|onide|sone|terol|tropium|lukast|parin|xaban|gatran|grel|platin|rubicin|taxel"
    "|tinib|mab|cept|afil|osin|steride|dronate|phylline|lactone|oxin|arone|codone|morphone|fentanil"
)
STEMMED = rf"[a-z]{{2,}}(?:{_STEMS})"
_LISTED_WORDS = """
acetaminophen tylenol paracetamol aspirin ibuprofen motrin advil aleve naproxen tramadol ultram
morphine codeine methadone fentanyl percocet vicodin norco oxycontin lortab flexeril
cyclobenzaprine baclofen tizanidine gabapentin neurontin lyrica celebrex mobic meloxicam
voltaren diclofenac toradol indomethacin colchicine allopurinol insulin lantus humalog novolog
metformin glucophage januvia jardiance farxiga ozempic trulicity victoza glipizide glyburide
lasix bumex torsemide furosemide aldactone spironolactone hydrochlorothiazide digoxin coumadin
warfarin eliquis xarelto plavix brilinta heparin lovenox nitroglycerin hydralazine clonidine
amiodarone lipitor crestor zocor pravachol zetia toprol coreg norvasc diovan cozaar zestril
synthroid levothyroxine armour prednisone medrol dexamethasone albuterol ventolin advair
symbicort spiriva singulair flonase claritin zyrtec allegra benadryl epipen prilosec nexium
protonix pepcid zofran reglan miralax colace imodium zoloft prozac lexapro celexa paxil cymbalta
effexor wellbutrin bupropion trazodone buspirone xanax ativan klonopin valium ambien seroquel
risperdal zyprexa abilify lithium depakote lamictal keppra dilantin topamax tegretol amoxicillin
augmentin keflex bactrim cipro levaquin zithromax z-pak doxycycline vancomycin flagyl valtrex
acyclovir accutane methotrexate plaquenil humira enbrel remicade viagra cialis flomax proscar
finasteride fosamax tamoxifen premarin estradiol testosterone depo-provera melatonin iron folate
potassium lidocaine
"""
_LISTED = _LISTED_WORDS.split()
LISTED = "|".join(sorted(_LISTED, key=lambda name: (-len(name), name)))
UNIT = (
    r"(?:mg|mcg|µg|ug|g|milligrams?|micrograms?|grams?|units?|iu|ml|millilit(?:er|re)s?|meq|puffs?)"
)
DOSE = rf"\d+(?:[.,]\d+)?(?: ?(?:-|to) ?\d+(?:\.\d+)?)? ?{UNIT}\b(?!/)"
SCHEDULE = (
    r"(?:,? (?:by mouth|orally|p\.?o\b\.?|intravenously|i\.?v\b\.?|subcutaneously|topically|inhaled"
    r"|sublingual(?:ly)?|tablets?|capsules?|puffs?))?"
    r"(?:,? (?:(?:once|twice|three times|four times|\d times)(?: (?:a|per|every))? "
    r"(?:day|daily|week|weekly|month|night)|daily|nightly|weekly|monthly|a day|per day"
    r"|every (?:day|morning|evening|night|week|other day)"
    r"|every (?:(?:\d+ to )?\d+|four|six|eight|twelve) hours|at (?:night|bedtime)"
    r"|in the (?:morning|evening)|b\.?i\.?d\b\.?|t\.?i\.?d\b\.?|q\.?i\.?d\b\.?|q\d+h|qhs|q\.?d\b\.?"
    r"|as needed|p\.?r\.?n\b\.?|for \d+ (?:days|weeks)))*"
)
_NAME = re.compile(rf"\b(?:{LISTED}|{STEMMED})\b", re.IGNORECASE)
_DOSED = re.compile(rf"\b(?P<name>[A-Za-z][a-z-]{{3,}}),?\s+(?:of\s+)?{DOSE}", re.IGNORECASE)
# Words that end like a drug and are none, and words in front of a dose that name no drug.
_OTHER_WORDS = """
except accept concept precept intercept percept excerpt exercises person reason season
lesson prison poison comparison unison liaison arson mason nelson caption
chosen wilson jason johnson anderson alison zone stone bone tone done gone none phone alone
prone cone hormone one same acetone silicone medicine vaccine magazine routine
machine dose doses about around take takes taking than daily with least over under total every
received given weighs weight another additional least only just each urine protein drink drinks
pounds lost gained between increase increased decrease decreased dosage contains containing
level levels glucose cholesterol creatinine triglycerides sodium calcium hemoglobin tablet
tablets capsule capsules
"""
_NOT = STOPWORDS | set(_OTHER_WORDS.split())


def drugs(text: str) -> tuple[Span, ...]:
    """Where names of drugs stand in a text, in order."""
    found = {
        Span(*match.span()) for match in _NAME.finditer(text) if match[0].casefold() not in _NOT
    }
    for match in _DOSED.finditer(text):
        if match["name"].casefold() not in _NOT:
            found.add(Span(*match.span("name")))
    return tuple(sorted(found))


def normalise_medication(text: str) -> str | None:
    """A drug, its dose and when it is taken, in lower case: "lasix; 40 mg; once daily".

    None when nothing names a drug.
    """
    named = drugs(text)
    if not named:
        return None
    line = " ".join(text.split()).casefold()
    name = " ".join(named[0].of(text).split()).casefold()
    dose = re.search(DOSE, line)
    rest = line[dose.end() :] if dose else ""
    parts = (name, dose[0] if dose else "", rest.strip(" ,."))
    return "; ".join(part for part in parts if part)
