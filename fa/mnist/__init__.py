"""The digits: a folder or the network comes in, verified images and labels go out.

Read `files` (the four files, known by their content), `download` (where they come from), then
`digits` (their format, and the random split).
"""
