"""What a chapter found, in plain words at its head and with each part."""

from dataclasses import replace

from bs4 import BeautifulSoup

from colorkit.course.claims import Finding
from colorkit.report.both import claim_html, read_found, setting_html
from colorkit.report.in_short import in_short_html, sentence_html

PLANTS = Finding(
    *("R3", "plants", "", "VégéNet colors <well>.", "ΔE₀₀ gained", "ΔE₀₀", "more", 0.5),
    *(2.0, 1.0, 3.0, ((0.01, 1e6),), 3, "seeds", 20, 0, "photographs", "supported"),
)
BUILT = replace(PLANTS, part="built", value=-2.0, low=-3.0, high=-1.0, verdict="not supported")
RED = replace(PLANTS, id="R4", part="against truth", value=0.1, low=-1, high=1.2)
OPEN = replace(RED, verdict="undecided")
MISSING = replace(OPEN, value=None, low=None, high=None)


def text(html: str) -> str:
    return " ".join(BeautifulSoup(html, "html.parser").get_text().split())


def test_a_sentence_has_its_effect_and_its_stress():
    assert text(sentence_html(PLANTS, "supported")).endswith(
        "nearer to the truth by 2.0 ± 1.0 ΔE₀₀."
    )
    red = sentence_html(RED, "not supported")
    assert "does <em>not</em> tint" in red and "*" not in red
    alone = replace(OPEN, value=-0.25, low=None, high=None)
    assert text(sentence_html(alone, "undecided")).endswith("stays open: −0.25 ΔE₀₀.")
    assert sentence_html(MISSING, "undecided") == ""


def test_the_star_of_a_channel_is_no_stress():
    green = replace(PLANTS, id="R6", part="less green", unit="a*")
    assert "its a* is higher by 2.0 ± 1.0 a*." in text(sentence_html(green, "supported"))
    assert "<em>" not in sentence_html(green, "supported")
    paler = sentence_html(replace(PLANTS, id="R22", part="branch", unit=""), "not supported")
    assert "for L* makes pictures <em>paler</em>, by" in paler


def test_decided_parts_are_listed_and_the_others_counted():
    both = [(PLANTS, "supported"), (BUILT, "not supported"), (OPEN, "undecided")]
    html = in_short_html(both)
    lines = BeautifulSoup(html, "html.parser").find_all("li")
    assert [line.a["href"] for line in lines] == ["ledger.html#claim-R3"] * 2
    assert text(str(lines[0])).startswith("Plants gain from VégéNet's colors")
    assert "Photographs have not decided one part of what is claimed here." in text(html)


def test_nothing_decided_is_said_and_nothing_measured_says_nothing():
    html = in_short_html([(OPEN, "undecided"), (MISSING, "undecided")])
    assert "Photographs have not decided what is claimed here." in text(html)
    assert "<li>" not in html and in_short_html([]) == ""


def test_what_is_more_than_a_glance_is_folded():
    html = in_short_html([(PLANTS, "supported")] * 9)
    page = BeautifulSoup(html, "html.parser")
    assert len(page.find_all("li")) == 9
    assert len(page.details.find_all("li")) == 3 and page.summary.text == "3 more"


def found(*findings):
    claims = [vars(each) for each in findings]
    facts = {"chapter": "02_a", "claims": claims, "data": "scenes", "profile": "p", "seed": 0}
    return read_found(facts, None)


def test_a_part_says_what_photographs_and_this_run_mean():
    html = claim_html(("R3", "plants", ""), found(PLANTS), found(replace(PLANTS, value=4.0)))
    record, run = (text(str(p)) for p in BeautifulSoup(html, "html.parser").find_all("p")[1:])
    assert record.startswith("Photographs Plants gain") and "2.0" in record
    assert run.startswith("This run Plants gain") and "4.0" in run


def test_a_part_that_passes_only_alone_is_not_said_to_be_decided():
    """Two parts share one chance of error, and 2.0 standard errors are then too few for one."""
    barely = replace(PLANTS, value=1.0, low=0.02, high=1.98, errors=((0.5, 1e6),))
    record = found(barely, replace(OPEN, id="R3", part="built"))
    html = claim_html(("R3", "plants", ""), record, found())
    assert "Whether plants gain" in text(html) and "supported if it stood alone" in text(html)
    assert "Photographs have not decided what is claimed here." in text(
        setting_html(record, found())
    )
