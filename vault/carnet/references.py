"""The carnet's number, as printed on the person's page: ten characters, the last one a check.

Drawn at random, replaceable, never derived from the carnet's id. The alphabet has 31 signs, without those
one confuses when reading aloud or copying by hand (0/O, 1/I/L): a prime, so that a weighted sum catches any
one wrong character and any two swapped ones.
"""

from collections.abc import Callable

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 10

Random = Callable[[int], bytes]  # that many random bytes


def new_reference(random: Random) -> str:
    """Nine random characters (44 bits) and their check."""
    body = ""
    while len(body) < LENGTH - 1:
        drawn = random(1)[0]
        if drawn < 248:  # 8 × 31: no sign more likely than another
            body += ALPHABET[drawn % 31]
    return body + check_of(body)


def read_reference(typed: str) -> str | None:
    """The reference meant by what somebody typed (spaces, dashes, lower case); None when the check fails."""
    text = "".join(typed.split()).replace("-", "").upper()
    if len(text) != LENGTH or any(sign not in ALPHABET for sign in text):
        return None
    return text if check_of(text[:-1]) == text[-1] else None


def shown(reference: str) -> str:
    """In groups, as one says it: "ABC DEFG HJK"."""
    return f"{reference[:3]} {reference[3:7]} {reference[7:]}"


def check_of(body: str) -> str:
    """The sign that follows ``body``, of fewer than 29: one wrong sign, or two swapped, give another."""
    total = sum((place + 2) * ALPHABET.index(sign) for place, sign in enumerate(body))
    return ALPHABET[total % 31]
