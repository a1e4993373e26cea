r"""What a paper takes from the study: every number as a LaTeX macro, and all figures and tables.

Everything is drawn from the metrics alone: runs.parquet and curves.parquet of one study or more.
A macro's name says its number, spelled out because TeX allows letters only:
``\faTableOneHiddenTwentyRandomMean``. docs/paper.md has the patterns.

Read on in this order: `studies` (which metrics there are), `plan` (which rows were asked for),
`names` and `cells` (how a cell of a table becomes a macro), `counts`, `claims` and `rows` (the
numbers, a group each), `numbers` (all of them), `macros` (as files), `drawing` (everything).
"""
