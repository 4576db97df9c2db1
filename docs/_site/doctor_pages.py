"""Writes the doctor's table of codes and a page for each, from its table of rules.

    python docs/_site/doctor_pages.py

`tests/doctor/test_rules.py` fails where what is written differs from the rules.
"""

import re
from pathlib import Path

from keras_cnn.doctor.rules import RULES, pages

DOCS = Path(__file__).parents[1]
BEGIN, END = "<!-- codes -->\n", "<!-- end of codes -->\n"


def written():
    """Returns what each file should hold, by its path."""
    index = DOCS / "doctor.md"
    between = re.compile(f"(?<={BEGIN}).*?(?={END})", re.DOTALL)
    table = between.sub(lambda _: f"\n{pages.table('doctor')}\n", index.read_text())
    folder = DOCS / "doctor"
    return {index: table} | {
        folder / f"{code}.md": pages.page(entry) for code, entry in RULES.items()
    }


if __name__ == "__main__":
    (DOCS / "doctor").mkdir(exist_ok=True)
    for path, content in written().items():
        path.write_text(content)
