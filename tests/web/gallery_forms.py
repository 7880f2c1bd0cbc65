"""The questions and choices of the gallery: every kind of input, filled, empty and at fault."""

from schemas.names import AnswerKind
from vault.web.pages import views as v

CARRIED = (v.Hidden("structure_id", "s2"), v.Hidden("purpose_id", "proposer_poste"))
NON_ANSWERS = AnswerKind.DOES_NOT_KNOW


def _choices(*labels: str, chosen: str = "") -> tuple[v.Choice, ...]:
    return tuple(v.Choice(label.lower().replace(" ", "_"), label, label == chosen) for label in labels)


FIELDS = (
    v.FieldForm("identite_nom", v.InputKind.NAME, "Votre nom", typed=("Amina Diallo",)),
    v.FieldForm(
        "logement_fixe",
        v.InputKind.YES_NO,
        "Avez-vous un logement fixe\u202f?",
        choices=(v.Choice("true", "Oui", True), v.Choice("false", "Non")),
        answer=AnswerKind.ANSWERED,
        version=2,
        sensitive=True,
    ),
    v.FieldForm(
        "logement_statut",
        v.InputKind.CHOICE_ONE,
        "Quelle est votre situation de logement\u202f?",
        choices=_choices("Propriétaire", "Locataire", "Hébergée chez quelqu’un", "Sans abri"),
        answer=AnswerKind.PREFERS_NOT_TO_SAY,
    ),
    v.FieldForm(
        "modes_deplacement",
        v.InputKind.CHOICE_MANY,
        "Comment vous déplacez-vous\u202f?",
        "Plusieurs réponses possibles.",
        choices=_choices("À pied", "Vélo", "Bus ou tramway", "Voiture", chosen="Vélo"),
        answer=AnswerKind.ANSWERED,
    ),
    v.FieldForm(
        "priorites",
        v.InputKind.ORDERED_CHOICE,
        "Quelles sont vos priorités\u202f?",
        "Donnez une place à celles qui comptent pour vous.",
        choices=(
            v.Choice("emploi", "Emploi", rank=1),
            v.Choice("logement", "Logement", rank=2),
            v.Choice("formation", "Formation"),
        ),
        answer=AnswerKind.ANSWERED,
    ),
    v.FieldForm(
        "enfants_nombre",
        v.InputKind.WHOLE_NUMBER,
        "Combien d’enfants avez-vous\u202f?",
        typed=("deux",),
        answer=AnswerKind.ANSWERED,
        minimum=0,
        error="Écrivez un nombre en chiffres, par exemple 2. Votre réponse est gardée.",
    ),
    v.FieldForm(
        "temps_travail_souhaite",
        v.InputKind.NUMBER,
        "Combien d’heures par semaine souhaitez-vous travailler\u202f?",
        typed=("24",),
        minimum=0,
        maximum=48,
        unit="heures par semaine",
        answer=AnswerKind.ANSWERED,
    ),
    v.FieldForm(
        "disponibilite_le",
        v.InputKind.DATE,
        "À partir de quand\u202f?",
        "Par exemple 15 4 2026.",
        typed=("31", "2", "2026"),
        answer=AnswerKind.ANSWERED,
        error="Le 31 février n’existe pas. Choisissez un autre jour.",
    ),
    v.FieldForm(
        "diplome_intitule",
        v.InputKind.SHORT_TEXT,
        "Quel est le nom de votre diplôme\u202f?",
        typed=("CAP cuisine",),
        max_length=200,
        answer=AnswerKind.ANSWERED,
    ),
    v.FieldForm(
        "parcours_recit",
        v.InputKind.LONG_TEXT,
        "Pouvez-vous raconter votre parcours\u202f?",
        typed=("J’ai travaillé six ans en cuisine.",),
        max_length=4000,
        free_text=True,
        warning="Votre texte parle peut-être de santé. Il est gardé. Relisez-le avant de le partager.",
        answer=AnswerKind.ANSWERED,
    ),
    v.FieldForm(
        "qualites_atouts",
        v.InputKind.TEXT_LIST,
        "Quelles sont vos qualités, vos atouts\u202f?",
        typed=("patiente", "ponctuelle"),
        max_items=10,
        answer=NON_ANSWERS,
    ),
    v.FieldForm(
        "francais_aisance",
        v.InputKind.OBJECT,
        "Êtes-vous à l’aise avec le français\u202f?",
        parts=(
            v.SubInput("oral", "Quand je parle", _choices("À l’aise", "Moyen", "Difficile", chosen="Moyen")),
            v.SubInput(
                "ecrit",
                "Quand j’écris",
                _choices("À l’aise", "Moyen", "Difficile"),
                error="Choisissez une réponse.",
            ),
        ),
        error="Il manque une réponse.",
    ),
    v.FieldForm(
        "emplois_souhaites",
        v.InputKind.OBJECT_LIST,
        "Quels métiers aimeriez-vous faire\u202f?",
        rows=(
            (
                v.SubInput("libelle", "Métier", typed="Commis de cuisine"),
                v.SubInput("code_rome", "Code ROME, si vous le connaissez", typed="G1602"),
            ),
            (v.SubInput("libelle", "Métier"), v.SubInput("code_rome", "Code ROME, si vous le connaissez")),
        ),
    ),
)
SHARE_THEMES = (
    v.ShareTheme(
        "mobilite",
        "Déplacements",
        (
            v.ShareLine(
                "permis_conduire", "Avez-vous un permis de conduire\u202f?", ("Permis B",), chosen=True
            ),
            v.ShareLine("vehicule_disponible", "Avez-vous un véhicule\u202f?", ()),
        ),
    ),
    v.ShareTheme(
        "garde_enfants",
        "Garde d’enfants",
        (
            v.ShareLine(
                "garde_enfants_contraintes",
                "Avez-vous des contraintes de garde\u202f?",
                ("Horaires", "Dépenses"),
                sensitive=True,
            ),
        ),
    ),
    v.ShareTheme(
        "emploi",
        "Emploi",
        (
            v.ShareLine(
                "temps_travail_souhaite",
                "Combien d’heures par semaine souhaitez-vous travailler\u202f?",
                ("24 heures",),
                chosen=True,
            ),
            v.ShareLine("disponibilite_le", "À partir de quand\u202f?", ("lundi 6 avril",), chosen=True),
        ),
    ),
)
SPECIALS = (
    v.ShareLine("sante_retentissement", "Votre santé et le travail", ("Limite certains métiers",)),
    v.ShareLine(
        "revenus_sources:precis", "Le détail de vos revenus", ("RSA", "Prime d’activité"), chosen=True
    ),
)


PURPOSES = (
    v.PurposeChoice(
        "proposer_poste",
        "Vous proposer un poste",
        "SIAE Alpha cherche un emploi qui vous convient.",
        182,
        True,
        "Si vous ne partagez pas, rien ne change pour votre RSA.",
    ),
    v.PurposeChoice(
        "formation", "Vous trouver une formation", "SIAE Alpha cherche une formation avec vous.", 182
    ),
)
