"""The images: a folder or the network comes in, verified images and labels go out.

Read `catalogue` (the data sets there are), `files` (their files, known by their content),
`download` (where those come from), `reading` (from a folder of them to images), then `digits`
(their format, and the random split), which is all that training knows of them.
"""
