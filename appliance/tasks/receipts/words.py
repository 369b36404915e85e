"""What a line of a receipt is about, by its words: labels of several languages and countries.

The expressions say what kind of line stands there, never who issued it.  Pure.
"""

from __future__ import annotations

import re

from appliance.tasks.dates import find_dates

_I = re.IGNORECASE

LEGAL_FORM = re.compile(
    r"(?<![\w])(?:sdn\.?\s?bhd|[s5]/b|bhd|inc|incorporated|corp|corporation|company|llc|l\.l\.c|llp|lp"
    r"|ltd|limited|pte\.?\s?ltd|pty\.?\s?ltd|pvt\.?\s?ltd|plc|gmbh(?:\s?&\s?co\.?\s?kg)?|ag|kg|ohg"
    r"|e\.k|ug|s\.?a\.?r\.?l|sas|s\.a\.s|s\.?r\.?l|s\.?p\.?a|s\.l|s\.a|b\.?v|n\.?v|oy|ab|a/s|aps"
    r"|as|sp\.?\s?z\.?\s?o\.?\s?o|s\.r\.o|kft|co|ltda|eirl|pt|cv|& sons|bros)\.?(?![\w])",
    _I,
)
TRADE = re.compile(
    r"\b(?:enterprises?|trading|restaurants?|restoran|mart|minimart|pasar|kedai|store|stores|shop"
    r"|market|supermarket|hypermarket|hardware|pharmacy|farmasi|apotheke|clinic|klinik|caf[eé]"
    r"|coffee|bakery|bistro|bar|grill|hotel|machinery|marketing|group|stationery|stationers|paper"
    r"|kitchen|services?|centre|center|seafood|motors?|auto|electrical?|book|books|foods?|house"
    r"|industries|supplies|supply|garden|station|petrol|pizza|burger|noodle|sushi|deli|boutique"
    r"|fashion|optical|dental|salon|travel|transport|logistics|laundry|florist|brothers|kiosk"
    r"|markt|b[aä]ckerei|gasthaus|boulangerie|pharmacie|tienda|farmacia|panader[ií]a|supermercado"
    r"|ristorante|trattoria|perniagaan|syarikat|gift|toys|furniture|tools?|mini)\b",
    _I,
)
# A line with one of these holds the sender's numbers: the address is over.
CONTACT = re.compile(
    r"\b(?:te[l1i](?:ephone|efon|\.?\s?no)?|ph(?:one)?|fax|mobile|hp|h/p|hotline|whats\s?app|e-?mail"
    r"|web(?:site)?|www)\b\s*[:.#&)(\d]|\btel\s?[:&-]|\w@\w+\.\w|\bwww\.|https?:|^\W*\(?\+?\d{2,4}\)?"
    r"[-\s]\d{3,4}[-\s]?\d{3,4}(?:\s?/\s?[\d-]+)?\W*$|^\W*1[38]00[-\s]",
    _I,
)
TAX_ID = re.compile(
    r"\b(?:gst|vat|sst|tax|ust|tva|iva|btw|mwst|abn|acn|ein|tin|npwp|gstin|siret|siren|nif|cif|nip"
    r"|p\.?\s?iva|uid|kvk|rfc|cnpj|ruc)\b\W{0,4}(?:id|idnr|reg|no|nr|number|payer|identification"
    r"|registration)?\.?\W{0,3}(?:no|id|nr)?\W{0,4}(?=\w*\d)",
    _I,
)
REGISTRATION = re.compile(
    r"\b(?:co(?:mpany)?\.?\s?(?:reg|no)|reg(?:istration)?\.?\s?(?:no|nr)|roc|rob|ssm|hrb|hra"
    r"|business\s?(?:reg|no)|licen[sc]ee)\b",
    _I,
)
NUMBER_ONLY = re.compile(r"^\W*(?:[A-Z]{0,3}\d[\d\w]*(?:[-/]\s?[\dA-Z]+)*)\W*$")
PAPER = re.compile(
    r"^\W*(?:tax|simplified|official|cash|sales?|customer|guest|order|credit|copy|original|void)?"
    r"[\s-]*(?:invoice|inv|receipt|bill|sales|check|cheque|slip|memo|rechnung|quittung|beleg|kassenbon"
    r"|facture|re[cç]u|ticket|factura|recibo|ricevuta|scontrino|bon|resit)\b"
    r"|\b(?:invoice|receipt|inv|bill|bil|doc|order|ord|trans(?:action)?|table|counter|cashier|pos"
    r"|terminal|till|server|salesperson|member|customer)\s?(?:no|nr|#|number|id)?\s?[.:#]"
    r"|\btax\s?invoice|\binvoice\s?n|\b(?:welcome|thank|dine\s?in|take\s?away|cashier)\b|^\W*mfy\b",
    _I,
)
STREET = re.compile(
    r"\b(?:street|str\.?|strasse|stra(?:ß|ss)e|st\.|road|rd\.?|avenue|ave\.?|av\.|boulevard|blvd|lane"
    r"|ln\.?|drive|dr\.|court|ct\.?|square|sq\.|highway|hwy|parkway|pkwy|way|place|pl\.|plaza|terrace"
    r"|close|crescent|gate|hill|park|mall|jalan|jln\.?|j1n|lorong|lrg|taman|tmn|kampung|kg\.|bandar"
    r"|persiaran|lebuh(?:raya)?|seksyen|sek|kawasan|bangunan|wisma|menara|plot|rue|chemin|place|via"
    r"|viale|piazza|corso|calle|c/|avenida|avda|paseo|carrera|rua|travessa|platz|weg|allee|gasse"
    r"|laan|straat|plein|gata|gade|vej|ulica|ul\.|nagar|marg|sector|phase|industrial|perindustrian"
    r"|building|bldg|tower|suite|ste\.?|floor|flr|level|unit|lot|block|blk|room|batu|simpang|km)(?!\w)"
    r"|\w(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|straat|laan)\b",
    _I,
)
HOUSE = re.compile(
    r"^\W*(?:(?:no|lot|unit|level|suite|shop|floor|block|blk|hq|gf|g/f|ground|plot|p\.?\s?o\.?\s?box"
    r"|address|addr|add|branch|at|km)\b[\s.:,#-]*)+.*\d|^\W*\d{1,5}[A-Z]?(?:[-/]\w+)*\s*[,&]?\s*"
    r"(?:[A-Z]|,)",
    _I,
)
POSTCODE = re.compile(
    r"(?<![\d-])\d{5}(?:-\d{4})?(?![\d-])|\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}\b|\b[A-Z]\d[A-Z]\s?\d[A-Z]\d\b"
    r"|\b\d{4}\s?[A-Z]{2}\b|\b[A-Z]{2,3}\s\d{4,6}\b|(?<![\d-])\d{6}(?![\d-])|\b\d{4}\s(?=[A-Z][a-zé]{2})"
    r"|\b\d{5}-?\d{3}\b",
)
CLOCK = re.compile(r"\b[0-2]?\d[:.][0-5]\d(?:[:.][0-5]\d)?\s?(?:am|pm)?\b|\d[0-2]\d:[0-5]\d", _I)
EXPIRY = re.compile(r"\b(?:expir|valid|due|before|until|best|effective|since|w\.?e\.?f)", _I)
DATE_LABEL = re.compile(r"\b(?:dates?|datum|fecha|data|tarikh|issued|dated)\b", _I)


def ends_heading(text: str) -> bool:
    """Whether a line ends the sender's name and address."""
    return bool(
        CONTACT.search(text) or TAX_ID.search(text) or PAPER.search(text) or find_dates(text)
    )


def may_stand_between(text: str) -> bool:
    """Whether a line may part a company from its address: its date, its numbers at registers."""
    return not (CONTACT.search(text) or PAPER.search(text))


def is_address(text: str) -> bool:
    """Whether a line looks like a part of a postal address."""
    return bool(HOUSE.search(text) or STREET.search(text) or POSTCODE.search(text))
