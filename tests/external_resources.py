"""What a folder of web pages would load from elsewhere: nothing, if it is to open from disk.

Links a reader may follow (`<a href>`) are not resources: the page is whole without them.
"""

import re
from html.parser import HTMLParser
from pathlib import Path

# Attributes a browser fetches by itself; any element may carry them.
_LOADING = {"src", "srcset", "poster", "background", "data", "xlink:href", "ping"}
_URL = re.compile(r"""(?:https?|wss?|ftp):(?:/|\\/){2}[^\s"'`<>)\\]*""", re.IGNORECASE)
_CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_CSS_URL = re.compile(r"""(?:url\(\s*|@import\s+)["']?([^"')\s]+)""", re.IGNORECASE)
# No rule can tell from a script's text which of its strings it will fetch. So every absolute
# address counts, in comments too, unless it starts with one of these, none of which is fetched:
# names of XML dialects, and documentation named in a comment and in a console message.
_NAMES_IN_SCRIPTS = (
    "http://www.w3.org/",
    "https://developer.mozilla.org/",
    "https://snowballstem.org/",
    "https://pydata-sphinx-theme.readthedocs.io/",
)


def external_resources(folder: Path) -> list[str]:
    """List everything the pages below a folder would fetch from another place.

    Pages, style sheets and scripts are read, and what they hold of one another inside. An address
    with a scheme other than `data:`, or one starting with `//`, is another place.

    Args:
        folder: a folder of HTML.

    Returns:
        `<file>: <address>` for each; empty if all pages are whole without a network.
    """
    found = []
    for path in sorted(Path(folder).rglob("*")):
        if not path.is_file() or path.suffix not in (".html", ".svg", ".css", ".js"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".css":
            addresses = _in_css(text)
        elif path.suffix == ".js":
            addresses = _in_script(text)
        else:
            page = _Page()
            page.feed(text)
            page.close()
            addresses = page.addresses
        found += [f"{path.relative_to(folder)}: {a}" for a in dict.fromkeys(addresses)]
    return found


class _Page(HTMLParser):
    """Collects the external addresses that a page loads."""

    def __init__(self):
        super().__init__()
        self.addresses: list[str] = []
        self.within = ""

    def handle_starttag(self, tag: str, attrs: list) -> None:
        values = {name: value or "" for name, value in attrs}
        loaded = [value for name, value in values.items() if name in _LOADING]
        # A link to another version of the page (canonical, alternate, license) is not loaded.
        if tag == "link" and not {"canonical", "alternate", "license"} & {values.get("rel", "")}:
            loaded.append(values.get("href", ""))
        if tag in ("base", "use", "image", "feimage"):
            loaded.append(values.get("href", ""))
        if tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            loaded.append(values.get("content", "").partition("=")[2].strip())
        parts = [p for value in loaded for p in ([value] if _is_data(value) else value.split(","))]
        self.addresses += [p.strip() for p in parts if _is_external(p)]
        self.addresses += _in_css(values.get("style", ""))
        for name, value in values.items():
            if name.startswith("on"):
                self.addresses += _in_script(value)
        self.within = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within == "script":
            self.addresses += _in_script(data)
        elif self.within == "style":
            self.addresses += _in_css(data)


def _in_css(text: str) -> list[str]:
    return [a for a in _CSS_URL.findall(_CSS_COMMENT.sub("", text)) if _is_external(a)]


def _in_script(text: str) -> list[str]:
    return [a for a in _URL.findall(text) if not a.startswith(_NAMES_IN_SCRIPTS)]


def _is_data(address: str) -> bool:
    return address.lstrip().lower().startswith("data:")


def _is_external(address: str) -> bool:
    address = address.strip()
    return not _is_data(address) and bool(re.match(r"//|[a-z][a-z0-9+.-]*:", address, re.I))
