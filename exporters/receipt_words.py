"""What a receipt says, in plain French: one sentence a move, one a ground."""

from collections.abc import Mapping

from consent.receipts import Moved
from schemas.names import LegalBasis

WHAT_HAPPENED: Mapping[Moved, str] = {
    Moved.ASKED: "Un partage vous a été demandé",
    Moved.DEFERRED: "Vous avez remis votre réponse à plus tard",
    Moved.GRANTED: "Le partage est ouvert",
    Moved.RENEWED: "Le partage est renouvelé",
    Moved.REFUSED: "Vous avez refusé",
    Moved.WITHDRAWN: "Le partage est arrêté par vous",
    Moved.REVOKED: "Le partage est arrêté par le responsable du service",
    Moved.EXPIRED: "Le partage est arrivé à sa fin",
    Moved.INVALIDATED: "Le partage est annulé",
    Moved.REPLACED: "Le partage est remplacé par un autre",
    Moved.SUSPENDED: "Le partage est suspendu",
    Moved.RESUMED: "Le partage reprend",
    Moved.LAPSED: "La demande est restée sans réponse : elle est terminée",
}
_GROUNDS: Mapping[str, LegalBasis] = {
    "gdpr:A6-1-a": LegalBasis.CONSENT,
    "gdpr:A6-1-e": LegalBasis.PUBLIC_TASK,
    "gdpr:A6-1-c": LegalBasis.LEGAL_OBLIGATION,
    "gdpr:A6-1-d": LegalBasis.VITAL_INTERESTS,
    "gdpr:A6-1-b": LegalBasis.CONTRACT,
}
_SENTENCES: Mapping[LegalBasis, str] = {
    LegalBasis.CONSENT: "Votre accord. Vous pouvez le retirer à tout moment.",
    LegalBasis.PUBLIC_TASK: "Une mission d’intérêt public, prévue par un texte. Vous pouvez vous y opposer.",
    LegalBasis.LEGAL_OBLIGATION: "Une obligation de la loi.",
    LegalBasis.VITAL_INTERESTS: "La protection d’une vie. Vous pouvez l’arrêter à tout moment.",
    LegalBasis.CONTRACT: "Un contrat.",
    LegalBasis.HANDED_BY_PERSON: "Vous l’avez remis vous-même.",
}


def ground_in_words(basis: str, *, objection: bool) -> str:
    """What the share rests on. ``objection``: whether the record gives the right to object."""
    ground = _GROUNDS.get(basis, LegalBasis.HANDED_BY_PERSON)
    if ground is LegalBasis.PUBLIC_TASK and not objection:
        return "Une mission d’intérêt public, prévue par un texte."
    return _SENTENCES[ground]
