"""HTML pages that need nothing beside them: on a telephone, in the dark, read aloud."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from ._files import replaced_file

# Pictures keep their white ground in the dark: what is drawn on it is dark, too.
_STYLE = """
:root { color-scheme: light dark; --text: #222; --ground: #fff; --line: #ddd;
  --code: #f4f4f4; --muted: #595959; --good: #1b7a2f; --warning: #8f5200;
  --bad: #b00020; --link: #0b57d0; }
@media (prefers-color-scheme: dark) { :root { --text: #e3e3e3; --ground: #161616;
  --line: #444; --code: #2a2a2a; --muted: #a8a8a8; --good: #6fcf87;
  --warning: #f0ab4f; --bad: #ff8a93; --link: #8ab4f8; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70em; margin: 2em auto;
  padding: 0 1em; color: var(--text); background: var(--ground); }
a { color: var(--link); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 90%; }
td, th { border-bottom: 1px solid var(--line); padding: .3em .5em; text-align: left;
  vertical-align: top; }
img { max-width: 100%; background: #fff; }
code { background: var(--code); }
summary { cursor: pointer; color: var(--muted); }
.good { color: var(--good); } .warning { color: var(--warning); }
.bad { color: var(--bad); } .muted { color: var(--muted); }
"""


class Html(str):
    """Text that is HTML already. Any other string is escaped where it is put in."""

    __slots__ = ()


def element(tag: str, *content: str, **attributes: str) -> Html:
    """Returns an element around its content, which is escaped unless it is `Html`.

    Args:
        tag: The element's name.
        *content: What stands in it, in order.
        **attributes: Its attributes; `class_` is `class`.

    Example:
        >>> element("p", "a < b, ", element("b", "always"), class_="note")
        '<p class="note">a &lt; b, <b>always</b></p>'
    """
    given = "".join(
        f' {name.rstrip("_")}="{escape(value)}"' for name, value in attributes.items()
    )
    return Html(f"<{tag}{given}>{join(content)}</{tag}>")


def join(pieces: Iterable[str]) -> Html:
    """Returns pieces one after another, each escaped unless it is `Html`."""
    return Html(
        "".join(piece if isinstance(piece, Html) else escape(piece) for piece in pieces)
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """Returns a table with a head for each column; a wide one scrolls by itself."""
    top = element("tr", *(element("th", head, scope="col") for head in heads))
    body = (element("tr", *(element("td", cell) for cell in row)) for row in rows)
    return element("div", element("table", top, *body), class_="scroll", tabindex="0")


def picture(drawn: Figure, alt: str, *, dpi: int = 80) -> Html:
    """Returns a figure as an image within the page.

    Args:
        drawn: The figure.
        alt: What it shows, for those who cannot see it.
        dpi: Dots an inch. Defaults to 80.
    """
    buffer = io.BytesIO()
    drawn.savefig(buffer, format="png", dpi=dpi)
    data = base64.b64encode(buffer.getvalue()).decode()
    return Html(f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}">')


def write_page(path: Path, title: str, *content: str) -> None:
    """Writes a page, whole or not at all.

    Args:
        path: The file.
        title: Its title and first heading.
        *content: What follows; escaped unless it is `Html`.
    """
    head = (
        '<meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    body = element("body", element("h1", title), *content)
    page = f'<!doctype html>\n<html lang="en"><head>{head}</head>\n{body}</html>\n'
    with replaced_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
