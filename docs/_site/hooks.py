"""Hooks of the site's builder: pages from elsewhere, reference pages, curves, links.

The pages are read on the site and in the repository. So links in them lead through the
repository; here those to other pages become the site's, and files that lie elsewhere
are copied to the site, each under its path in the repository.
"""

import ast
import posixpath
import re
import tempfile
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"(\]\()([^)#\s]+)([^)]*\))")
CODE = re.compile(r"(```.*?```)", re.DOTALL)

# Pages that lie outside docs/, by their path in the repository.
ELSEWHERE = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "measured.md",
    "benchmarks/accuracy.md": "accuracy.md",
}

PARTS = {
    "activations": "Activations",
    "layers": "Layers",
    "losses": "Losses",
}

# What is documented of each module, if it is not all that it exports.
REFERENCE = (
    *("models", "saving", "data", "training", "runs", "comparison", "doctor"),
    *("explain", "export", "formats", "prediction", "claims", "serving"),
)


def on_files(files, config):
    """Adds the pages and files that do not lie in docs/."""
    for source, page in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text()))
    for part, title in PARTS.items():
        page = _parts_page(part, title)
        files.append(File.generated(config, f"parts/{part}.md", content=page))
    for name, picture in _curves().items():
        files.append(File.generated(config, f"parts/{name}.png", content=picture))
    for module in REFERENCE:
        if (ROOT / "keras_cnn" / module).is_dir():
            page = _reference_page(module)
            files.append(File.generated(config, f"reference/{module}.md", content=page))
    page = _errors_page()
    files.append(File.generated(config, "reference/errors.md", content=page))
    for target in sorted(_linked(files)):
        if not files.get_file_from_path(_on_site(target)):
            content = (ROOT / target).read_bytes()
            files.append(File.generated(config, _on_site(target), content=content))
    return files


def on_page_markdown(markdown, page, config, files):
    """Leads links to where their targets lie on the site."""
    source = _in_repository(page.file.src_uri)
    folder = posixpath.dirname(page.file.src_uri)

    def moved(match):
        target = _target(source, match[2])
        if target is None:
            return match[0]
        there = posixpath.relpath(_on_site(target), folder or ".")
        return f"{match[1]}{there}{match[3]}"

    pieces = CODE.split(markdown)  # code stands at the odd places
    pieces[::2] = [LINK.sub(moved, piece) for piece in pieces[::2]]
    return "".join(pieces)


def _linked(files):
    """Returns the repository's files, outside docs/, to which pages link."""
    found = set()
    for file in files.documentation_pages():
        source = _in_repository(file.src_uri)
        prose = CODE.sub("", file.content_string)
        targets = {_target(source, match[2]) for match in LINK.finditer(prose)}
        found |= {one for one in targets if one and not one.startswith("docs/")}
    return found - set(ELSEWHERE)


def _target(source, link):
    """Returns the file in the repository that a page links to; None for others."""
    if re.match(r"\w+:", link) or source.startswith(("docs/parts/", "docs/reference/")):
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    return target if (ROOT / target).is_file() else None


def _in_repository(site_path):
    """Returns where a page of the site comes from."""
    known = {page: source for source, page in ELSEWHERE.items()}
    return known.get(site_path, f"docs/{site_path}")


def _on_site(source):
    """Returns where a file of the repository lies on the site."""
    return ELSEWHERE.get(source, source.removeprefix("docs/"))


def _public(module):
    """Returns the names that a module exports, read without importing it."""
    folder = ROOT / "keras_cnn" / module
    stub = folder / "__init__.pyi"
    tree = ast.parse((stub if stub.exists() else folder / "__init__.py").read_text())
    aliases = [
        (node.module, alias.asname)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for alias in node.names
    ]
    return [(of, name) for of, name in aliases if of and name and name[0] != "_"]


def _parts_page(part, title):
    """Returns a page of a folder's parts, each with its curve and its formula."""
    curves = _curve_names()
    lines = [
        f"# {title}",
        "",
        f"::: keras_cnn.{part}",
        *_options("members: false", "show_root_heading: false"),
        "",
    ]
    names = [
        (of == "_identifiers", name.lower(), of, name) for of, name in _public(part)
    ]
    for is_helper, _, module, name in sorted(names):  # `get` and the like stand last
        if part == "losses" and name.islower() and not is_helper:
            continue  # each stands beside its class, which says the same
        lines += [f"## {name}", ""]
        curve = _snake(name)
        if curve in curves and part != "layers":
            lines += [f"![{name} and its derivative]({curve}.png)", ""]
        lines += [f"::: keras_cnn.{part}.{module}.{name}", ""]
    return "\n".join(lines)


def _reference_page(module):
    """Returns a page of a module's public names."""
    path = f"keras_cnn.{module}"
    lines = [
        f"# {path}",
        "",
        f"::: {path}",
        *_options("members: false", "show_root_heading: false"),
        "",
    ]
    for of, name in _public(module):
        lines += [f"## {name}", "", f"::: {path}.{of}.{name}", ""]
    return "\n".join(lines)


def _errors_page():
    """Returns a page of the errors that every module raises."""
    lines = ["# Errors", ""]
    for of, name in _public(""):
        if name.endswith("Error"):
            lines += [f"## {name}", "", f"::: keras_cnn.{of}.{name}", ""]
    return "\n".join(lines)


def _options(*more):
    """Returns the options of a documented object below a heading of its own."""
    return ["    options:", *(f"      {line}" for line in more)]


def _snake(name):
    """Returns the function's name of a class's: `LogCosh` to `log_cosh`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _curve_names():
    from keras_cnn.reference.activations import ELEMENTWISE
    from keras_cnn.reference.curves import LOSSES

    return {*ELEMENTWISE, *LOSSES}


def _curves():
    """Draws each activation and loss that has a curve; returns PNG bytes by name."""
    from keras_cnn.reference.activations import ELEMENTWISE
    from keras_cnn.reference.curves import LOSSES, draw_activations, draw_losses

    drawn = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "curve.png"
        for draw, names in ((draw_activations, ELEMENTWISE), (draw_losses, LOSSES)):
            for name in names:
                draw([name], path)
                drawn[name] = path.read_bytes()
    return drawn
