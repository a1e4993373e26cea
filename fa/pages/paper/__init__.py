r"""What a paper takes from the study: every number by its key, and all figures and tables.

Everything is drawn from the metrics alone. ``\fa{table1/hidden=20/random/mean}`` prints a number;
docs/paper.md has the keys. Read `numbers` (all of them, by key), `files` (as LaTeX and CSV),
`everything` (all of it at once).
"""
