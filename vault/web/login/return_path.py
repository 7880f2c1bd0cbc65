"""Where to go after signing in: a path of ours, or home.

The path comes from a query string, so it is hostile until checked, and it is checked **when used** (after the
sign-in), not when stored. Refused: other origins in any disguise a browser accepts (``//host``, ``/\\host``,
``/%5c`` stays a path and is harmless), control characters and blanks that browsers strip, dot segments, and
the sign-in pages themselves, which would loop.
"""

HOME = "/"
_LOOPS = ("connexion", "deconnexion")
_MAX_LENGTH = 512


def safe_return_path(text: str | None) -> str:
    """``text`` when it is a path of ours beginning with exactly one "/", else the home page."""
    if not text or len(text) > _MAX_LENGTH or not text.startswith("/"):
        return HOME
    if "\\" in text or not all("!" <= char <= "~" for char in text):
        return HOME
    path = text.split("?", 1)[0].split("#", 1)[0]
    segments = path[1:].split("/")
    if "//" in path or any(_is_dots(segment) for segment in segments) or segments[0] in _LOOPS:
        return HOME
    return text


def _is_dots(segment: str) -> bool:
    return segment.lower().replace("%2e", ".") in (".", "..")
