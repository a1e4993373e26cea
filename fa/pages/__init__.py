"""What people see: metrics and evidence come in, tables, figures, pages and numbers go out.

Read `experiments` and `claims` (the tables; `claim_files` writes the second), `figures`, `explorer`
(every curve, for a browser), `paper` (the numbers for a text, and all of it without Snakemake),
`provenance`, `explain` (a verdict on the terminal, with the `origin` of its runs), `outcome` (what
`make` says last). They are written by `text`, `latex`, `html` and `formats`.
"""
