"""The images: a folder or the network comes in, verified images and labels go out.

Read `catalogue` (the known data sets), `files` (their files, recognised by content), `download`
(where the files come from), `reading` (from a folder of files to images), then `digits` (their
format, and the random split). Training imports only `digits`.
"""
