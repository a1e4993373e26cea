r"""A paper that inputs every table and every number and includes every figure, set by pdfLaTeX.

Skipped without TeX; Debian's texlive-latex-recommended and poppler-utils suffice.
"""

import re
import shutil
import subprocess

import pandas as pd
import pytest

import made_up
from conftest import ROOT
from fa.metrics.tables import read_metrics
from fa.pages.figures.drawing import draw
from fa.pages.paper import everything

TOOLS = ("pdflatex", "pdffonts", "pdfinfo", "pdftotext")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(
    bool(MISSING),
    reason=f"no {', '.join(MISSING)}: apt-get install texlive-latex-recommended poppler-utils",
)

# Measures of a two-column paper: columns of 3.35 in, text of 6.9 by 9.6 in.
DOCUMENT = r"""
\documentclass[twocolumn]{article}
\usepackage[paperwidth=8.5in,paperheight=11in,text={6.9in,9.6in},columnsep=0.2in]{geometry}
\usepackage{booktabs}
\usepackage{graphicx}
\input{numbers}
\newsavebox{\content}
%% A table that is too wide for the text lies on its side.
\newcommand{\floatbox}{\typeout{SIZE \the\wd\content, \the\ht\content, \the\dp\content}%%
  \ifdim\wd\content>\textwidth\rotatebox{90}{\usebox{\content}}\else\usebox{\content}\fi}
\begin{document}
Random feedback: \fa{table1/hidden=20/random/mean}\,\%% against
\fa{table1/hidden=20/backprop/mean}\,\%%, \fa{table1/hidden=20/random/p_statement},
a difference of \fa{table1/hidden=20/random/difference} points
($n = \fa{table1/hidden=20/random/n}$); in a formula
$d = \fa{table1/hidden=20/random/difference}$. Claim 1 \fa{claim/1/verdict}.
Controls: \fa{controls/hidden=20/backprop_scaled/mean}.
\edef\plain{\faplain{table1/hidden=20/random/difference}}Plain: \texttt{\plain}.
%s
\end{document}
"""
TABLE = r"""
\begin{table*}
\caption{%s}
\centering\scriptsize\setlength{\tabcolsep}{4pt}
\sbox{\content}{\input{tables/%s}}\floatbox
\end{table*}
"""
FIGURE = r"""
\begin{figure*}
\centering
\sbox{\content}{\includegraphics{figures/%s}}\floatbox
\caption{%s}
\end{figure*}
"""
POINTS = 72.27  # TeX's to the inch


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return the folder of a paper's outputs, drawn from metrics alone."""
    folder = tmp_path_factory.mktemp("paper")
    made_up.write(folder / "reference")
    everything.redraw(folder / "reference", folder / "out")
    return folder / "out"


@pytest.fixture(scope="module")
def compiled(drawn):
    """Return the compiled document, what pdflatex said, and the text in it."""
    (drawn / "paper.tex").write_text(DOCUMENT % floats(drawn))
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=drawn,
        capture_output=True,
        text=True,
        errors="replace",
    )
    assert done.returncode == 0, done.stdout[-3000:]
    return drawn / "paper.pdf", done.stdout


def floats(drawn):
    """Return LaTeX that has every table and every figure, flushed before TeX runs out of room."""
    tables = [TABLE % (name(path), path.stem) for path in sorted(drawn.glob("tables/*.tex"))]
    figures = [FIGURE % (path.stem, name(path)) for path in sorted(drawn.glob("figures/*.pdf"))]
    return "\\clearpage".join([*tables, *figures])


def name(path):
    return path.stem.replace("_", " ")


def tool(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_it_compiles_without_complaint(compiled):
    _, log = compiled
    assert "Undefined" not in log
    assert "undefined" not in log
    assert "Missing character" not in log
    assert "Float too large" not in log


def test_tables_and_figures_fit_the_page_as_they_are(compiled):
    _, log = compiled
    sizes = re.findall(r"SIZE ([\d.]+)pt, ([\d.]+)pt, ([\d.]+)pt", log)
    assert len(sizes) > 15
    for size in sizes:
        width, height, depth = (float(part) / POINTS for part in size)
        sides = sorted([width, height + depth])
        upright = width <= 6.91 and height + depth <= 9.2
        # With its caption; what is too wide for the text lies on its side.
        assert upright or (sides[0] <= 6.6 and sides[1] <= 9.4), size


def test_figures_are_one_or_two_columns_wide(drawn):
    for path in drawn.glob("figures/*.pdf"):
        width = float(re.search(r"Page size:\s+([\d.]+)", tool("pdfinfo", path))[1]) / 72
        column = path.stem == "loss_and_correlation"
        assert width == pytest.approx(3.325 if column else 6.9, abs=0.01), path


PAPER = re.search(r"```latex\n(.*?)```", (ROOT / "docs/paper.md").read_text(), re.DOTALL)[1]
"""The document that the documentation shows."""

LAYOUTS = {"3.25": (6.75, 0.25, "twocolumn"), "5.5": (5.5, 0, ""), "6.9": (6.9, 0.2, "twocolumn")}
"""Width of a column -> of the text and the gap, in inches, and the option of the class."""


@pytest.mark.parametrize("column", LAYOUTS)
def test_the_documented_paper_fits_the_usual_layouts(drawn, tmp_path, column):
    width, gap, option = LAYOUTS[column]
    shutil.copytree(drawn / "tables", tmp_path / "tables")
    shutil.copy(drawn / "numbers.tex", tmp_path)
    metrics = read_metrics(drawn.parent / "reference")
    for name in set(re.findall(r"figures/(\w+)", PAPER)):
        (tmp_path / "figures").mkdir(exist_ok=True)
        draw(name, metrics, [tmp_path / f"figures/{name}.pdf"], width)
    page = f"text={{{width}in,9in}},columnsep={gap}in,paperwidth=8.5in,paperheight=11in"
    start = rf"\documentclass[{option}]{{article}}\usepackage[{page}]{{geometry}}"
    text = PAPER.replace(r"\documentclass[twocolumn]{article}", start)
    for table in ("table2", "verdicts"):
        float_of_table1 = PAPER[PAPER.index(r"\begin{table*}") : PAPER.index(r"\begin{figure*}")]
        text = text.replace(r"\end{document}", float_of_table1 + r"\end{document}")
        text = text.replace("tables/table1", f"tables/{table}", 1)
    assert text.count("tables/") == 3
    (tmp_path / "paper.tex").write_text(text)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    assert re.findall("Overfull.*", done.stdout) == []
    assert "too large" not in done.stdout
    # What TeX does not say of a picture: that it is drawn smaller than it is.
    drawn_as = re.search(
        r"Page size:\s+([\d.]+)", tool("pdfinfo", tmp_path / "figures/loss_all_seeds.pdf")
    )
    assert float(drawn_as[1]) / 72 == pytest.approx(width, abs=0.01)


def test_every_font_is_embedded_and_none_is_a_bitmap(compiled):
    pdf, _ = compiled
    fonts = tool("pdffonts", pdf).splitlines()[2:]
    assert len(fonts) > 2
    for font in fonts:
        # name, type (may have spaces), encoding, emb, sub, uni, object, id
        assert font.split()[-5] == "yes", font
        assert "Type 3" not in font, font


def test_the_numbers_are_in_the_text(compiled, drawn):
    text = " ".join(tool("pdftotext", compiled[0], "-").split())
    runs = pd.read_parquet(drawn.parent / "reference" / "runs.parquet")
    chosen = runs[(runs["hidden"] == 20) & (runs["batch_size"] == 200)]
    chosen = chosen[chosen["learning_rate"] == 0.07]
    means = 100 * chosen.groupby("feedback")["test_accuracy"].mean()
    assert f"Random feedback: {means['random']:.2f} % against {means['backprop']:.2f} %" in text
    difference = f"{means['random'] - means['backprop']:+.2f}".replace("-", "−")
    assert f"a difference of {difference} points (n = 6)" in text
    assert f"d = {difference}." in text
    assert re.search(r"p [=<] 0\.\d+, a difference", text)
    assert f"Plain: {means['random'] - means['backprop']:+.2f}." in text


def test_every_table_and_figure_is_in_it(compiled, drawn):
    text = tool("pdftotext", "-raw", compiled[0], "-")
    assert len(re.findall(r"Figure \d+:", text)) == len(list(drawn.glob("figures/*.pdf")))
    for table in sorted(drawn.glob("tables/*.tex")):
        assert re.search(rf"Table \d+: {name(table)}", text), table
    for claim in pd.read_csv(drawn / "tables/claims.csv", dtype=str)["claim"]:
        assert re.search(rf"\b{claim}\b", text), claim


def compile_text(folder, body, preamble=""):
    """Return the finished pdflatex of a small document that reads the numbers."""
    document = rf"\documentclass{{article}}{preamble}\input{{numbers}}\begin{{document}}{body}"
    (folder / "small.tex").write_text(document + r"\end{document}")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "small.tex"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")


@pytest.mark.parametrize("macro", ["fa", "faplain"])
def test_an_unknown_key_is_an_error_that_names_it(drawn, macro):
    done = compile_text(drawn, rf"As \{macro}{{table1/hidden=20/random/maen}}.")
    assert done.returncode != 0
    log = " ".join(done.stdout.split())
    assert "There is no number" in log
    assert "table1/hidden=20/random/maen" in log


def test_a_number_works_in_a_title_and_a_caption(drawn):
    title = r"\section{Of \fa{runs/all} runs}\begin{table}\caption{\fa{claim/1/p_for}}\end{table}"
    done = compile_text(drawn, rf"\tableofcontents{title}")
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.skipif(
    subprocess.run(["kpsewhich", "siunitx.sty"], capture_output=True).returncode != 0
    if not MISSING
    else True,
    reason="no siunitx: apt-get install texlive-science",
)
def test_siunitx_takes_a_plain_number(drawn):
    number = r"$\num{\faplain{table1/hidden=20/random/difference}}$"
    done = compile_text(drawn, number, r"\usepackage{siunitx}")
    assert done.returncode == 0, done.stdout[-2000:]
