"""A page is read by a parser of its own, which knows nothing of how it was made."""

import base64
import io
from html.parser import HTMLParser

import pytest
from matplotlib.figure import Figure
from PIL import Image

from keras_cnn._html import Html, element, join, picture, table, write_page

EVIL = "<script>alert(\"x\")</script> & 'y'"


class Read(HTMLParser):
    """The tags with their attributes, and the text of each."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts, self.open = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("img", "meta"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def drawn():
    figure = Figure(figsize=(2, 1))
    figure.subplots().plot([0, 1])
    return figure


@pytest.fixture
def read(tmp_path):
    write_page(
        tmp_path / "page.html",
        EVIL,
        element("p", EVIL, title=EVIL),
        table(("head", EVIL), [["a", element("b", EVIL)], [EVIL, "d"]]),
        picture(drawn(), EVIL),
        EVIL,
    )
    html = (tmp_path / "page.html").read_text(encoding="utf-8")
    page = Read(html)
    assert not page.open  # every element is closed, in order
    return page


def test_text_of_others_never_becomes_html(read):
    assert not read.all("script")
    assert [tag for tag, text in read.texts if text == EVIL] == [
        *("title", "h1", "p", "th", "b", "td", "body")
    ]
    assert read.all("p") == [{"title": EVIL}]


def test_a_page_says_its_language_fits_a_telephone_and_the_dark(read):
    assert read.all("html") == [{"lang": "en"}]
    views = [one for one in read.all("meta") if one.get("name") == "viewport"]
    assert "width=device-width" in views[0]["content"]
    style = next(text for tag, text in read.texts if tag == "style")
    assert "@media (prefers-color-scheme: dark)" in style


def test_a_picture_lies_in_the_page_with_its_text(read):
    (image,) = read.all("img")
    assert image["alt"] == EVIL
    kind, _, data = image["src"].partition(",")
    assert kind == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (160, 80)


def test_a_table_has_a_row_a_row_and_names_its_columns(read):
    assert [one["scope"] for one in read.all("th")] == ["col", "col"]
    assert len(read.all("tr")) == 3 and len(read.all("td")) == 4


def test_nothing_is_loaded_from_elsewhere(read):
    links = [
        attributes[name]
        for _, attributes in read.tags
        for name in ("src", "href")
        if name in attributes
    ]
    assert all(link.startswith("data:") for link in links)


def test_html_is_joined_as_it_is():
    assert join(["<", Html("<br>")]) == "&lt;<br>"


def test_an_unfinished_page_leaves_the_former_one(tmp_path, monkeypatch):
    write_page(tmp_path / "page.html", "first")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        write_page(tmp_path / "page.html", "second")
    assert "first" in (tmp_path / "page.html").read_text()
