from __future__ import annotations

import pytest

from appliance.tasks.payments import Role, agreement, roles
from appliance.tasks.terms import stem


@pytest.mark.parametrize(
    ("text", "payee", "payer"),
    [
        ("Your card was preauthorized for $20.00 by ACME, INC.", "acme", None),
        ("You sent a wire payment of $850.00 to Northwind.", "northwind", None),
        ("You've received $90 via transfer from BOREAL to your account.", None, "boreal"),
        ("Boreal has charged your account $3.", "boreal", None),
        ("Julia paid the rent.", None, "julia"),
        ("The invoice was issued by Kestrel Ltd.", "kestrel", None),
        ("It was paid by Kestrel on Monday.", None, "kestrel"),
    ],
)
def test_who_pays_and_who_is_paid(text: str, payee: str | None, payer: str | None) -> None:
    found = roles(text)
    if payee:
        assert found[stem(payee)] == {Role.PAYEE}
    if payer:
        assert found[stem(payer)] == {Role.PAYER}


def test_a_question_meets_the_side_it_asks_for() -> None:
    charged = "Your card was charged $20.00 by Acme."
    assert agreement("What was paid to Acme?", charged) == 1
    assert agreement("What was paid by Acme?", charged) == -1
    assert agreement("What was paid to Boreal?", charged) == 0
    assert agreement("What colour is the roof?", charged) == 0
