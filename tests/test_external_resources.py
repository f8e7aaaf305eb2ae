"""What pages would load from elsewhere is found, and what they only link to is not."""

import pytest
from external_resources import external_resources

PAGES = {
    "<script src='https://cdn/x.js'></script>": ["https://cdn/x.js"],
    "<link rel=stylesheet href='//cdn/x.css'>": ["//cdn/x.css"],
    "<link rel='canonical' href='https://me'><a href='https://example.org'>a link</a>": [],
    "<img src='data:image/png;base64,AA,//x' alt=a><img srcset='a.png 1x, http://b/c.png 2x'>": [
        "http://b/c.png 2x"
    ],
    "<div style=\"background:url('http://d/e')\"></div><p>https://text</p>": ["http://d/e"],
    "<script>fetch('https://api/v1'); x = 'http://www.w3.org/2000/svg'</script>": [
        "https://api/v1"
    ],
    "<style>p{a:url(//h/i)}</style>https://text": ["//h/i"],
    "<base href='https://b/'><use href='https://u/'>": ["https://b/", "https://u/"],
    "<meta http-equiv=Refresh content='0; url=https://m/'>": ["https://m/"],
    "<meta name=author content='0; url=https://m/'><p href='https://p/'>": [],
    "<body onload=\"load('wss://o/')\">": ["wss://o/"],
    "<video poster='ftp://v/'><img src='https://twice/'><img src='https://twice/'>": [
        "ftp://v/",
        "https://twice/",
    ],
}


@pytest.mark.parametrize("text", PAGES)
@pytest.mark.parametrize("name", ["a.html", "below/a.svg"])
def test_what_a_page_loads(tmp_path, text, name):
    (tmp_path / "below").mkdir()
    (tmp_path / name).write_text(text)
    assert external_resources(tmp_path) == [f"{name}: {address}" for address in PAGES[text]]


def test_style_sheets_and_scripts_are_read_and_other_files_are_not(tmp_path):
    (tmp_path / "b.css").write_text(
        "/* url(http://c) */ @import 'https://f/g.css'; p{a:url(//h/i)} q{b:url(j.woff2)}"
    )
    (tmp_path / "c.js").write_text(r'load("https:\/\/k.example\/l.js")  // see //h/i')
    (tmp_path / "d.txt").write_text("<img src='https://e'>")
    assert external_resources(tmp_path) == [
        "b.css: https://f/g.css",
        "b.css: //h/i",
        r"c.js: https:\/\/k.example",
    ]
