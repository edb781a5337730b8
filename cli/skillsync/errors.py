"""The one error a command shows to the person at the keyboard."""


class Problem(Exception):
    """Something that person can mend: the text is one line that says what is wrong and what to do."""
