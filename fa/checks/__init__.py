"""What every room relies on: whatever is wrong is refused by name, and nothing is half-written.

`errors` has the one exception that is meant for users, `files` writes files whole and reads back
only what was written, `documents` reads the YAML that people write, `locks` lets one run at a time
into a folder, `interrupts` lets Ctrl-C end a program in one line, `schemas` says in words what
breaks a JSON schema.
"""
