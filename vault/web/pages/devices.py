"""How somebody may recognise a browser of hers: two words from closed lists, nothing else of what it sent.

Only meant for a list of her own sessions: the header is whatever the browser says, and decides nothing.
"""

UNKNOWN = "Navigateur non reconnu"
_LONGEST = 1_000

# In order: several browsers also name those they descend from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def device_words(user_agent: str | None) -> str:
    """« Chrome sur Android ». From the header ``User-Agent`` (RFC 9110, 10.1.5)."""
    told = (user_agent or "")[:_LONGEST]
    browser = next((word for mark, word in _BROWSERS if mark in told), None)
    system = next((word for mark, word in _SYSTEMS if mark in told), None)
    if browser and system:
        return f"{browser} sur {system}"
    return browser or (f"Un navigateur sur {system}" if system else UNKNOWN)
