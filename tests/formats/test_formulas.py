"""Equations of office files as one line."""

from __future__ import annotations

import pytest
from lxml import etree

from appliance.formats.ooxml import formulas


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("inner", "line"),
    [
        (f"<m:f><m:num>{run('a+b')}</m:num><m:den>{run('2')}</m:den></m:f>", "(a+b)/2"),
        (
            f"<m:sSubSup><m:e>{run('x')}</m:e><m:sub>{run('i')}</m:sub><m:sup>{run('2')}</m:sup>"
            "</m:sSubSup>",
            "x_i^2",
        ),
        (f"<m:rad><m:deg/><m:e>{run('x')}</m:e></m:rad>", "√(x)"),
        (
            '<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr>'
            f"<m:sub>{run('0')}</m:sub><m:sup>{run('n')}</m:sup><m:e>{run('k')}</m:e></m:nary>",
            "∑k_0^n",
        ),
        (
            '<m:d><m:dPr><m:begChr m:val="["/><m:endChr m:val="]"/></m:dPr>'
            f"<m:e>{run('x')}</m:e><m:e>{run('y')}</m:e></m:d>",
            "[x|y]",
        ),
        (f"<m:m><m:mr><m:e>{run('1')}</m:e><m:e>{run('2')}</m:e></m:mr></m:m>", "1, 2"),
        (run("nπx"), "n π x"),
    ],
)
def test_lines(inner: str, line: str) -> None:
    root = etree.fromstring(f"<m:oMath xmlns:m='m'>{inner}</m:oMath>")

    assert formulas.line(root) == line


def test_nothing_is_lost_in_an_equation_without_end() -> None:
    inner = "<m:e>" * 150 + run("deep") + "</m:e>" * 150

    assert formulas.line(etree.fromstring(f"<m:oMath xmlns:m='m'>{inner}</m:oMath>")) == "deep"
