"""Words with boxes to blocks, without a file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.documents import ElementKind
from appliance.formats.layout.page import Word, blocks


def line(text: str, y: float, x: float = 72, height: float = 10, bold: bool = False) -> list[Word]:
    """Words of one line, five points per character."""
    words = []
    for word in text.split():
        words.append(Word(word, x, y, x + 5 * len(word), y + height, bold))
        x += 5 * (len(word) + 1)
    return words


def kinds_and_texts(words: list[Word]) -> list[tuple[ElementKind, str]]:
    return [(block.kind, " | ".join(block.cells)) for block in blocks(words, 10)]


def test_a_word_broken_at_the_end_of_a_line_goes_on_without_a_blank() -> None:
    first = line("credits that are self\ufffe", 100)
    first[-1] = first[-1]._replace(broken=True)

    assert kinds_and_texts([*first, *line("liquidating in nature", 112)]) == [
        (ElementKind.TEXT, "credits that are self\ufffeliquidating in nature")
    ]


def test_headings_are_bold_large_or_in_capitals() -> None:
    words = [
        *line("Bold words here", 100, bold=True),
        *line("Large words here", 140, height=14),
        *line("CAPITAL WORDS HERE", 180),
        *line("Plain words here", 220),
        *line("Article 5 Notices.", 260),
    ]

    title, text = ElementKind.TITLE, ElementKind.TEXT
    assert [kind for kind, _ in kinds_and_texts(words)] == [title, title, title, text, title]


def test_a_tall_sign_in_a_line_does_not_part_the_paragraph() -> None:
    middle = line("a sum sign stands in this one", 112)
    middle[3] = middle[3]._replace(y0=104, y1=130)
    words = [*line("the line before it", 100), *middle, *line("the line after it", 124)]

    assert len(kinds_and_texts(words)) == 1


def test_right_to_left_words_keep_their_order() -> None:
    words = [
        Word("שלום", 300, 100, 330, 110),
        Word("Python", 265, 100, 295, 110),
        Word("R", 254, 100, 260, 110),
        Word("Pythonשל", 200, 100, 249, 110),  # one word of two scripts
        Word("עולם", 165, 100, 195, 110),
    ]

    assert kinds_and_texts(words) == [(ElementKind.TEXT, "שלום Python R Pythonשל עולם")]


def test_columns_of_numbers_stay_rows() -> None:
    words = []
    for at in range(8):
        words += line(f"Item number {at} of the list", 100 + 12 * at)
        words += line(f"{at},000", 100 + 12 * at, x=300) + line("(1)", 100 + 12 * at, x=400)

    found = kinds_and_texts(words)

    assert {kind for kind, _ in found} == {ElementKind.TABLE_ROW}
    assert found[3][1] == "Item number 3 of the list | 3,000 | (1)"


places = st.floats(0, 600, allow_nan=False)
any_words = st.lists(
    st.builds(
        lambda text, x, y, w, h: Word(text, x, y, x + w, y + h),
        st.text("abc$%).(1", min_size=1, max_size=8),
        places,
        places,
        st.floats(0, 60),
        st.floats(0, 30),
    ),
    max_size=60,
)


@given(any_words)
def test_no_word_is_lost_wherever_it_stands(words: list[Word]) -> None:
    found = "".join("".join(block.cells) for block in blocks(words, 10))

    assert sorted(found.replace(" ", "")) == sorted("".join(word.text for word in words))
