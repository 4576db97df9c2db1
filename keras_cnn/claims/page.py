"""Results as a page of the docs, which also answers the article's four questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .._files import replaced_file
from .report import about, draw
from .running import Result

PICTURES = Path("images") / "claims"

_HEAD = """# The article's claims, run

This page is written by `make claims`: each claim of the article as an experiment, with
the verdict that follows from what was measured. A claim is made of statements; each has
an effect, an interval over the seeds, and a bound at which it is true, set before. A
claim *holds* if all of its statements do, *holds with a correction* if one of its
wordings is wrong, *does not hold* if a statement that it stands on is wrong, and is
*undecided* if an interval reaches across the bound. Push on one of them:

```sh
keras-cnn claims list
keras-cnn claims run 5 --quick                      # a look: under a minute
keras-cnn claims run 5 --seeds 20 --set rate=0.01
keras-cnn claims run --all --quick                  # all of them: minutes
```
"""

# The article's closing questions, and what shows the answer.
_QUESTIONS = (
    (
        "Why does a network need a nonlinearity?",
        "Because without one any number of layers is one matrix, and no matrix "
        "separates XOR or rings, however deep it is written.",
        14,
    ),
    (
        "Why does it matter that ReLU's gradient is zero?",
        "Because a unit that is negative at every image gets no gradient and learns no "
        "more; at a large rate many end so, and with a slope for negative inputs none.",
        5,
    ),
    (
        "Why is mean squared error sensitive to outliers?",
        "Because a sample's gradient is its error: one sample a hundred noises away "
        "pulls as hard as a hundred usual ones, and there is no bound.",
        6,
    ),
    (
        "How does Huber's loss differ?",
        "Its gradient is the error up to delta and delta beyond: near the curve it is "
        "MSE, far away MAE, so that an outlier pulls no harder than a sample at delta.",
        7,
    ),
)


def write_page(results: Sequence[Result], path: Path) -> None:
    """Writes results as Markdown, and their pictures to `images/claims` beside it."""
    by_id = {result.claim.id: result for result in results}
    pieces = [_HEAD, about(results) + "\n", _overview(results), _questions(by_id)]
    for result in results:
        picture = PICTURES / f"{result.claim.slug}.png"
        with replaced_file(path.parent / picture) as temporary:
            draw(result, temporary)
        pieces.append(_section(result, picture))
    with replaced_file(path) as temporary:
        temporary.write_text("\n".join(pieces), encoding="utf-8")


def _overview(results: Sequence[Result]) -> str:
    rows = ["| | claim | verdict | what is true instead |", "| --- | --- | --- | --- |"]
    for result in results:
        claim, verdict = result.claim, result.verdict
        link = f"[{claim.id}](#{claim.slug})"
        correction = verdict.correction.replace("|", "\\|")  # of absolute values
        rows.append(f"| {link} | {claim.statement} | {verdict.ruling} | {correction} |")
    return "\n".join(rows) + "\n"


def _questions(by_id: dict[int, Result]) -> str:
    lines = ["## The article's closing questions\n"]
    for question, answer, claim in _QUESTIONS:
        lines.append(f"**{question}** {answer}")
        if claim in by_id:
            result = by_id[claim]
            shown = result.verdict.headline
            lines[-1] += (
                f" [Claim {claim}](#{result.claim.slug}) shows it: {shown.effect}, "
                f"{shown.found}."
            )
        lines.append("")
    return "\n".join(lines)


def _section(result: Result, picture: Path) -> str:
    claim, verdict, measured = result.claim, result.verdict, result.measured
    lines = [
        f'<a id="{claim.slug}"></a>',
        "",
        f"## {claim.id}. {claim.title}",
        "",
        f"*{claim.section}.* {claim.statement}",
        "",
        f"Verdict: **{verdict.ruling}**. {verdict.correction}".rstrip(),
        "",
        f"![{claim.statement}]({picture.as_posix()})",
        "",
        "| statement | effect | found | true if | |",
        "| --- | --- | --- | --- | --- |",
    ]
    for statement in verdict.statements:
        cells = (
            statement.text,
            statement.effect,
            str(statement.found),
            statement.rule,
            statement.outcome,
        )
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    lines += ["", f"What would refute it: {claim.refuted_by}", "", claim.method, ""]
    compared = claim.compare(measured)
    if compared:
        lines += [
            f"| arm | {compared[0].effect}, less that of {compared[0].base} | "
            "p, Holm-corrected |",
            "| --- | --- | --- |",
            *(
                f"| {_cell(each.arm)} | {each.found} | {each.p:.2g} |"
                for each in compared
            ),
            "",
        ]
    for note in measured.notes:
        lines += [note, ""]
    chosen = ", ".join(f"{name}={value}" for name, value in result.settings.items())
    lines += [f"{chosen}; {measured.data}; {result.seconds:.0f} s.", ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
