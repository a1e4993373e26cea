"""What people see: metrics and evidence come in, tables, figures, pages and numbers go out.

Read `experiments` and `claims` (the tables; `claim_files` writes the second), `figures`, `paper`
(the numbers for a text, and all of it without Snakemake), `provenance`. They are written by `text`,
`latex`, `html` and `formats`.
"""
