"""Text of others on a terminal."""

import re

# What could move the cursor, colour the screen or turn the reading direction, but for the line break and the tab.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def harmless(text: str) -> str:
    """The text with every control character replaced by a replacement character."""
    return _CONTROL.sub("\ufffd", text)
