"""Tables and cells as LaTeX."""

import re
import textwrap

import pandas as pd

ONE_LINE, SHORT, LONG = 11, 24, 60
"""Characters: a column with longer cells is broken into lines."""


def latex_table(text: pd.DataFrame) -> str:
    """Return a table of texts as a tabular that needs only booktabs."""
    sides = {name: "r" if is_numeric(text[name]) else "l" for name in text}
    titles = {name: latex_title(name, side) for name, side in sides.items()}
    styled = text.apply(latex_column).rename(columns=titles).style.hide(axis="index")
    return styled.to_latex(hrules=True, column_format=f"@{{}}{''.join(sides.values())}@{{}}")


def is_numeric(column: pd.Series) -> bool:
    """Return whether a column's cells are numbers in one line, to be set flush right."""
    form = re.compile(r"–( ± –)?|[-−+<]?[\d.]+( ± ([\d.]+|–))?")
    return all(form.fullmatch(cell) and len(cell) <= ONE_LINE for cell in column)


def latex_column(column: pd.Series) -> pd.Series:
    """Return a column's cells as LaTeX: long ones in lines, no narrower than their longest word.

    An interval is one word, so are ± and its number. A sentence takes a share of the text's width.
    """
    longest = max(map(len, column), default=0)
    if longest <= ONE_LINE:
        return column.map(latex)
    whole = column.str.replace(r"(?<=,) (?=[^\[\]]*\])|(?<=±) ", "\xa0", regex=True)
    word = max(len(word) for cell in whole for word in cell.split(" "))
    # A digit is half an em wide.
    width = f"{0.5 * max(word, 14 if longest > SHORT else 8):g}em"
    if longest > LONG:
        width = r"0.22\linewidth"
    box = rf"\parbox[t]{{{width}}}{{\raggedright\strut "
    return whole.map(lambda cell: rf"{box}{latex(cell)}\strut}}")


def latex_title(title: str, side: str) -> str:
    """Return a column's title as LaTeX; a long one is broken into lines."""
    lines = textwrap.wrap(title, 6, break_long_words=False)
    if len(lines) == 1:
        return latex(title)
    stacked = r"\\".join(rf"{latex(line)}\strut" for line in lines)
    return rf"\shortstack[{side}]{{{stacked}}}"


LATEX = {
    "\\": r"\textbackslash{}",
    **{character: "\\" + character for character in "{}$&#%_"},
    "~": r"\textasciitilde{}",
    "\xa0": "~",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    "±": r"$\pm$",
    "−": "$-$",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "°": r"$^\circ$",
    "–": "--",
    "…": r"\ldots{}",
    "₂": "$_2$",
    "²": "$^2$",
}


def latex(text: str) -> str:
    """Return a cell's text as LaTeX: signs of numbers as in a formula, specials escaped."""
    text = "".join(LATEX.get(character, character) for character in text)
    text = text.replace("...", r"\ldots{}").replace(r"d\_z ", "$d_z$~").replace(r"d\_z", "$d_z$")
    text = text.replace("p = ", "p~=~")
    text = re.sub(r"(?<![\w.])[-+](?=\d)", r"$\g<0>$", text)
    # After a row's end, LaTeX would take a bracket or a star for its option.
    return f"{{{text[0]}}}{text[1:]}" if text.startswith(("[", "*")) else text
