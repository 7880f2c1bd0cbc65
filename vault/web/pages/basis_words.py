"""What a disclosure rests on, in the person's words: one place for every page.

Each lawful basis has its own words, and none borrows another's. *Consentement* and *accord* are said of
consent alone. For a public task: what the law permits, and that one may object. For an obligation: that the
law imposes it, with its text, and that stopping here does not stop what the law asks for elsewhere.
"""

from dataclasses import dataclass
from datetime import date

from consent.grants import Terms
from schemas.names import LegalBasis
from schemas.purposes import Frame, Purpose, UnknownPurposeError
from vault.web.pages import french

STOP, OBJECT = "Arrêter ce partage", "M’opposer à ce partage"


@dataclass(frozen=True, slots=True)
class BasisWords:
    """``rests_on`` completes « Cela repose sur … »; the others are sentences or the words of a button.

    ``before``: what she reads before she shares. ``stop``: the button. ``stops``: before she stops, what ends
    and what does not. ``stopped``: after.
    """

    rests_on: str
    before: str
    stop: str
    stops: str
    stopped: str


def words_of(frame: Frame, terms: Terms, who: str) -> BasisWords:
    """Of a share: the basis is frozen in its terms; its text is that of the frame, when it still has one."""
    try:
        purpose = frame.purpose(terms.purpose_id)
    except UnknownPurposeError:
        return basis_words(terms.legal_basis, who, text=None, objection=False)
    told = purpose if purpose.legal_basis is terms.legal_basis else None
    return basis_words(
        terms.legal_basis,
        who,
        text=told.legal_text if told else None,
        objection=bool(told and told.objection),
    )


def words_for(purpose: Purpose, who: str) -> BasisWords:
    """Of what she may share."""
    return basis_words(purpose.legal_basis, who, text=purpose.legal_text, objection=purpose.objection)


def basis_words(basis: LegalBasis, who: str, *, text: str | None, objection: bool) -> BasisWords:
    cited = f" ({text})" if text else ""
    rests_on = f"{basis.label}{cited}"
    match basis:
        case LegalBasis.CONSENT:
            return BasisWords(
                rests_on,
                "C’est vous qui décidez. Vous pourrez changer d’avis quand vous voulez.",
                STOP,
                f"Tout ce que ce partage montre à {who} s’arrête aussitôt. Ce qui a déjà été lu reste connu.",
                f"{who} n’a plus aucun accès par ce partage.",
            )
        case LegalBasis.PUBLIC_TASK:
            return BasisWords(
                rests_on,
                f"Voici ce que la loi permet à {who} de voir{cited}. "
                + ("Vous pouvez vous y opposer, maintenant ou plus tard." if objection else _NO_OBJECTION),
                OBJECT if objection else STOP,
                f"{who} ne lira plus rien ici. Ce qu’il a noté pour sa mission reste dans ses dossiers.",
                f"{who} ne peut plus rien lire ici"
                + (" : votre opposition est enregistrée." if objection else "."),
            )
        case LegalBasis.LEGAL_OBLIGATION:
            return BasisWords(
                rests_on,
                f"La loi impose que {who} reçoive ces informations{cited}.",
                STOP,
                f"Seul ce partage du carnet s’arrête. La loi peut faire parvenir ces informations à {who} "
                f"autrement{cited}.",
                f"{who} ne peut plus rien lire ici. La loi lui permet de les demander autrement.",
            )
        case LegalBasis.VITAL_INTERESTS:
            return BasisWords(
                rests_on,
                "Ceci ne s’ouvre que si votre vie est en danger.",
                STOP,
                "Même en cas de danger, plus personne ne lira ces informations ici.",
                "Plus personne ne lira ces informations ici en cas de danger.",
            )
        case _:
            return BasisWords(
                rests_on,
                f"Ce partage repose sur {rests_on}.",
                STOP,
                f"Tout ce que ce partage montre à {who} s’arrête aussitôt. Ce qui a déjà été lu reste connu.",
                f"{who} n’a plus aucun accès par ce partage.",
            )


_NO_OBJECTION = "Ce texte ne permet pas de s’y opposer. Vous pouvez quand même arrêter ce partage du carnet."


def read_by(basis: LegalBasis, opened_on: date | None) -> str:
    """Beside a look of somebody: what it rested on, and when she opened the share."""
    on = french.short_day(opened_on) if opened_on else ""
    if basis is LegalBasis.CONSENT:
        return f"Vous l’aviez permis le {on}." if on else ""
    rests = f"Cela repose sur {basis.label}."
    return f"{rests} Vous aviez ouvert ce partage le {on}." if on else rests
