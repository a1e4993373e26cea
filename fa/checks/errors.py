"""The one exception whose message is written for the person at the keyboard."""


class UserError(Exception):
    """Something the user can fix: what is wrong, where, and what would be right.

    The command line prints its message and exits with 1, without a traceback.
    """
