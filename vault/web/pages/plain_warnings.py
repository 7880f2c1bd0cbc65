"""A plain word to somebody whose free text may say more than she thinks. Only on her own screen, never kept.

A short list of word beginnings, no more: it forbids nothing, guesses nothing about her, and misses much. The
sentence says so by asking her to read again, not by judging.
"""

import re
import unicodedata

_SUBJECTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "de santé",
        (
            "malad", "depress", "cancer", "diabet", "vih", "sida", "hopital", "hospital", "psychiatr",
            "medicament", "handicap", "addict", "alcool", "drogue", "enceinte", "grossesse",
        ),
    ),
    ("de justice", ("prison", "detention", "incarcer", "condamn", "sursis", "casier", "bracelet", "spip")),
    (
        "de religion ou d’opinion",
        (
            "musulman", "islam", "chretien", "catholiqu", "protestant", "juif", "juive", "synagogue",
            "mosquee", "eglise", "religi", "syndica",
        ),
    ),
    ("de violences", ("violence", "viol", "agress", "battu", "frapp", "menace")),
)  # fmt: skip
_SEVERAL = " et "


def warning_about(text: str) -> str:
    """One sentence, or nothing."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z]+", bare)
    found = [
        subject
        for subject, stems in _SUBJECTS
        if any(word == stem or (len(stem) > 4 and word.startswith(stem)) for word in words for stem in stems)
    ]
    if not found:
        return ""
    return (
        f"Ce texte parle peut-être {_SEVERAL.join(found)}. Il est gardé tel quel, et vous seul le voyez. "
        "Relisez-le avant de le partager."
    )
