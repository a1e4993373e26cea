"""Tables and cells as LaTeX."""

import re
import textwrap

import pandas as pd


def latex_table(text: pd.DataFrame) -> str:
    """Return a table of texts as a tabular that needs booktabs alone."""
    sides = {name: "r" if is_numeric(text[name]) else "l" for name in text}
    titles = {name: latex_title(name, side) for name, side in sides.items()}
    styled = text.apply(latex_column).rename(columns=titles).style.hide(axis="index")
    return styled.to_latex(hrules=True, column_format="".join(sides.values()))


def is_numeric(column: pd.Series) -> bool:
    """Return whether a column's cells are numbers, to be set flush right."""
    form = re.compile(r"–( ± –)?|[-+<]?[\d.]+( ± ([\d.]+|–))?")
    return all(form.fullmatch(cell) for cell in column)


def latex_column(column: pd.Series) -> pd.Series:
    """Return a column's cells as LaTeX; a column with sentences is set in lines."""
    cells = column.map(latex)
    longest = max(map(len, column), default=0)
    if longest <= 24:
        return cells
    width = "4.2cm" if longest > 60 else "2.6cm"
    return cells.map(lambda cell: rf"\parbox[t]{{{width}}}{{\raggedright\strut {cell}\strut}}")


def latex_title(title: str, side: str) -> str:
    """Return a column's title as LaTeX; a long one stands in lines."""
    lines = textwrap.wrap(title, 10, break_long_words=False)
    if len(lines) == 1:
        return latex(title)
    stacked = r"\\".join(rf"{latex(line)}\strut" for line in lines)
    return rf"\shortstack[{side}]{{{stacked}}}"


LATEX = {
    "\\": r"\textbackslash{}",
    **{character: "\\" + character for character in "{}$&#%_"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    "±": r"$\pm$",
    "−": "$-$",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "–": "--",
    "…": r"\ldots{}",
    "₂": "$_2$",
    "²": "$^2$",
}


def latex(text: str) -> str:
    """Return a cell's text as LaTeX: signs of numbers as in a formula, no character special."""
    text = "".join(LATEX.get(character, character) for character in text)
    text = text.replace("...", r"\ldots{}").replace(r"d\_z ", "$d_z$~").replace(r"d\_z", "$d_z$")
    text = text.replace("p = ", "p~=~")
    text = re.sub(r"(?<![\w.])[-+](?=\d)", r"$\g<0>$", text)
    # After a row's end a bracket or a star would be taken for an option of it.
    return f"{{{text[0]}}}{text[1:]}" if text.startswith(("[", "*")) else text
