"""Tables of the book: values with `±`, exact ends in a tooltip, headings that name something."""

import pandas as pd
import pytest

from colorkit.report.both import Found, claim_in, numbers_in, said
from colorkit.report.tables import Table, read_table, table_html, value_html, with_spreads


@pytest.mark.parametrize(
    "value, text",
    [
        ("10.1 [9.5, 10.7] dB", "10.1 ± 0.6 dB"),
        ("-1 [-7, 4]", "−1 ± 6"),  # never narrower than it is
        ("0.44 [0.16, 1.50] ΔE₀₀", "0.44 −0.28 +1.06 ΔE₀₀"),
        ("-0.0 [-2.0, 2.0]", "0.0 ± 2.0"),
        ("5.00 [5.00, 5.00]", "5.00 ± 0.00"),
        ("−0.50 [−0.89,\u00a0−0.11]", "−0.50 ± 0.39"),
    ],
)
def test_an_interval_is_one_short_line_with_its_ends_in_a_tooltip(value, text):
    html = value_html(value)
    plain = html.replace('<span class="spread">', "").replace("</span>", "")
    assert plain.rpartition(">")[2] == text
    low, high = value.replace("-", "−").partition("[")[2].partition("]")[0].split(",")
    assert f'title="95 % interval from {low.strip()} to {high.strip()}"' in html


def test_other_values_are_left_as_they_are():
    shown = {3.14159: "3.142", 12345: "12 345", None: "–", "": "–", "1%": "1%", "a<b": "a&lt;b"}
    shown |= {"-3": "−3", "d8, lw=[20, 80]": "d8, lw=[20, 80]", 1361999.0: "1 361 999", 40.0: "40"}
    shown |= {True: "True"}
    assert {value: value_html(value) for value in shown} == shown


def test_what_pandas_wrote_is_read_back():
    frame = pd.DataFrame({"x": [1, 2]}, index=["a", "b"])
    found = read_table(frame.to_html().replace("<thead>", "<caption>C</caption><thead>"))
    assert found == Table("C", ["", "x"], [["a", "1"], ["b", "2"]])
    frame.index.name = "who"
    assert read_table(frame.to_html()).columns == ["who", "x"]
    pairs = pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")], names=["first", "second"])
    found = read_table(frame.set_index(pairs).to_html())
    assert [row[:2] for row in found.rows] == [["a", "b"], ["a", "c"]]


def test_a_table_names_its_columns_scrolls_by_itself_and_is_folded_if_long():
    table = Table("Errors", ["index", "gain"], [["my_net", "1.0 [0.5, 1.5]"], ["b", None]])
    html = table_html(table)
    assert html.startswith('<div class="scrolling" role="region" tabindex="0" aria-label="Errors">')
    assert '<td></td><th scope="col" class="number">gain</th>' in html  # no empty heading
    assert '<th scope="row">my net</th><td class="number">' in html and "<details" not in html
    assert '<th scope="col" class="">name</th>' in table_html(table, sortable=True)
    long = Table("Errors", ["index", "n"], [[str(k), k] for k in range(13)])
    assert table_html(long).startswith("<details") and "(13 rows)" in table_html(long)
    assert not table_html(long, fold=False).startswith("<details")


def test_a_sentence_of_this_run_is_labeled_and_the_record_answers_it():
    def number(value):
        return {"value": value, "low": value - 1, "high": value + 1, "unit": "dB", "n": 1}

    common = {"of": "seeds"}
    run = Found(numbers={n: number(v) | common for n, v in {"a": 5, "b": 7, "c": 7}.items()})
    record = Found(numbers={n: number(9) | common for n in "abc"})
    text = "Gains 5.0 [4.0, 6.0] dB, then 7.0 [6.0, 8.0] dB."
    told = set()
    answer = numbers_in(text, run, record, told)
    assert "a <span" in answer and "(1 seed)" in answer and "from 8.0 to 10.0" in answer
    assert told == {"a"}  # b and c cannot be told apart
    assert numbers_in(text, run, record, told) == ""  # once is enough
    assert said(text).startswith('<span class="source of-run">This run</span> Gains <span')
    for other in ("No number.", "| a | 1 |", "## 2 things", "> 1.5"):
        assert said(other) == other
    assert with_spreads("lw=[20, 80]") == "lw=[20, 80]"
    assert claim_in("> **R1 x** said", Found()) is None
