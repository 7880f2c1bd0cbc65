"""The people, bodies and carnets of the gallery: invented, rich enough to show every piece."""

from dataclasses import replace
from datetime import UTC, date, datetime

from schemas.names import Agreement, AnswerKind, CallerKind, GrantState, LegalBasis, Outcome, StructureKind
from vault.web.pages import views as v

NOW = datetime(2026, 3, 3, 13, 5, tzinfo=UTC)
INSTANCE = v.Instance(
    name="Carnet",
    controller=v.Contact(
        "Département d’Exemple",
        ("1 place de la Mairie", "29000 Exemple"),
        "carnet@exemple.invalid",
        "02 00 00 00 00",
    ),
    dpo=v.Contact(
        "Déléguée à la protection des données",
        ("1 place de la Mairie", "29000 Exemple"),
        "dpo@exemple.invalid",
    ),
    host=v.Contact("Hébergeur d’Exemple", ("2 rue du Port", "29000 Exemple")),
    accessibility=v.Contact("Mission accessibilité", (), "acces@exemple.invalid"),
    director="Camille Exemple",
    quick_exit="https://meteo.exemple.invalid/",
)
NOBODY = v.Common(instance=INSTANCE, now=NOW)
PERSON = replace(NOBODY, visitor=v.Visitor(CallerKind.PERSON, "Amina Diallo"), csrf_token="jeton")
PROFESSIONAL = replace(PERSON, visitor=v.Visitor(CallerKind.PROFESSIONAL, "Paul Le Gall", "CCAS de Brest"))
DPO = replace(PERSON, visitor=v.Visitor(CallerKind.DPO, "Inès Moreau", "Département d’Exemple"))

CCAS = v.Body("CCAS de Brest", StructureKind.CCAS, "s1", "Brest")
SIAE = v.Body("SIAE Alpha", StructureKind.SIAE, "s2", "Brest")
LOCALE = v.Body("Mission locale du Pays de Brest", StructureKind.MISSION_LOCALE, "s3", "Brest")
BODIES = tuple(v.Body(f"Exemple {kind.label}", kind, f"k{index}") for index, kind in enumerate(StructureKind))
END = datetime(2026, 3, 15, 23, 0, tzinfo=UTC)
LONG_WORD = "anticonstitutionnellement-" * 5


def _hers(day: int = 24) -> v.Provenance:
    return v.Provenance(date(2026, 2, day))


def _fix(theme: str, field: str) -> tuple[v.Link, ...]:
    return (v.Link("Corriger", f"/mon-carnet/{theme}#champ-{field}"),)


HOUSING = v.Theme(
    "logement",
    "Logement",
    (
        v.Information(
            "logement_fixe",
            "Avez-vous un logement fixe\u202f?",
            ("Oui",),
            _hers(),
            sensitive=True,
            visible_to=("CCAS de Brest", "Mission locale du Pays de Brest"),
            actions=_fix("logement", "logement_fixe"),
        ),
        v.Information(
            "logement_statut",
            "Quelle est votre situation de logement\u202f?",
            ("Hébergée chez quelqu’un",),
            _hers(),
            sensitive=True,
            visible_to=("CCAS de Brest",),
            actions=_fix("logement", "logement_statut"),
        ),
        v.Information(
            "logement_difficultes",
            "Quelles difficultés avez-vous avec votre logement\u202f?",
            ("Trop petit", "Trop loin"),
            v.Provenance(date(2025, 11, 3), "Mme Kerbrat (CCAS de Brest)", Agreement.DISAGREED),
            sensitive=True,
            pills=(v.Pill.CONTESTED, v.Pill.TO_CONFIRM),
            actions=_fix("logement", "logement_difficultes"),
            observations=(
                v.Observation(
                    "Le logement n’est pas trop loin. C’est le bus qui manque le soir.",
                    date(2026, 2, 26),
                    (
                        v.Reply(
                            "Mme Kerbrat (CCAS de Brest)",
                            "Bien noté, je corrige avec vous mardi.",
                            date(2026, 2, 27),
                        ),
                    ),
                ),
            ),
        ),
    ),
    0,
    "/mon-carnet/logement",
)
MOBILITY = v.Theme(
    "mobilite",
    "Déplacements",
    (
        v.Information(
            "permis_conduire",
            "Avez-vous un permis de conduire\u202f?",
            ("Permis B",),
            _hers(2),
            visible_to=("SIAE Alpha",),
            actions=_fix("mobilite", "permis_conduire"),
        ),
        v.Information(
            "vehicule_disponible",
            "Avez-vous un véhicule\u202f?",
            (),
            _hers(2),
            AnswerKind.PREFERS_NOT_TO_SAY,
            actions=_fix("mobilite", "vehicule_disponible"),
        ),
    ),
    2,
    "/mon-carnet/mobilite",
)
HEALTH = v.Theme("sante", "Santé", (), 1, "/mon-carnet/sante")
WORK = v.Theme(
    "emploi",
    "Emploi",
    (
        v.Information(
            "temps_travail_souhaite",
            "Combien d’heures par semaine souhaitez-vous travailler\u202f?",
            ("24 heures",),
            _hers(20),
            visible_to=("SIAE Alpha",),
            actions=_fix("emploi", "temps_travail_souhaite"),
        ),
        v.Information(
            "parcours_recit",
            "Pouvez-vous raconter votre parcours\u202f?",
            (
                "J’ai travaillé six ans en cuisine, puis j’ai gardé ma mère.\n"
                "Je voudrais reprendre à mi-temps. " + LONG_WORD,
            ),
            _hers(20),
            actions=_fix("emploi", "parcours_recit"),
        ),
    ),
    4,
    "/mon-carnet/emploi",
)
PARTS = (
    v.Part(
        "historique",
        "Mon historique",
        (HOUSING, MOBILITY, HEALTH),
        "Votre situation, et les étapes de votre parcours.",
    ),
    v.Part(
        "engagements",
        "Nos engagements",
        (),
        empty="Ce que l’administration s’engage à faire, et vous aussi, s’affichera ici.",
    ),
    v.Part("strategie", "Mon projet", (WORK,), "Ce que vous voulez faire, et les étapes pour y arriver."),
)
CARDS = (
    v.GrantCard(
        "g1",
        CCAS,
        "vous accompagner dans vos démarches",
        ("logement fixe", "situation de logement", "enfants"),
        datetime(2026, 2, 1, 9, tzinfo=UTC),
        END,
        GrantState.GRANTED,
        last_look=datetime(2026, 3, 2, 9, 12, tzinfo=UTC),
        stop_action="/mes-partages/g1/arreter",
    ),
    v.GrantCard(
        "g2",
        SIAE,
        "vous proposer un poste",
        ("permis", "heures souhaitées", "disponibilité"),
        datetime(2026, 2, 27, 9, tzinfo=UTC),
        datetime(2026, 3, 3, 23, tzinfo=UTC),
        GrantState.GRANTED,
        stop_action="/mes-partages/g2/arreter",
    ),
)
ENDED = (
    v.GrantCard(
        "g3",
        LOCALE,
        "préparer votre premier rendez-vous",
        ("permis", "diplôme"),
        datetime(2025, 10, 1, tzinfo=UTC),
        datetime(2026, 4, 1, tzinfo=UTC),
        GrantState.WITHDRAWN,
        last_look=datetime(2025, 12, 24, 10, 30, tzinfo=UTC),
        ended_at=datetime(2026, 1, 12, 10, tzinfo=UTC),
    ),
)
LINES = (
    v.AccessLine(
        "42",
        datetime(2026, 3, 2, 9, 12, tzinfo=UTC),
        "SIAE Alpha",
        ("permis", "heures souhaitées"),
        "vous proposer un poste",
        StructureKind.SIAE,
        "un conseiller",
        why="Vous l’aviez permis le 27 février.",
    ),
    v.AccessLine(
        "41",
        datetime(2026, 2, 28, 15, 40, tzinfo=UTC),
        "CCAS de Brest",
        ("logement fixe", "situation de logement", "enfants"),
        "vous accompagner dans vos démarches",
        StructureKind.CCAS,
        "votre référente",
        why="Vous l’aviez permis le 1er février.",
        verify_href="/qui-a-vu/41",
    ),
    v.AccessLine(
        "40",
        datetime(2026, 2, 27, 8, 1, tzinfo=UTC),
        "Mission locale du Pays de Brest",
        ("revenus",),
        "",
        StructureKind.MISSION_LOCALE,
        outcome=Outcome.DENIED,
    ),
    v.AccessLine("39", datetime(2026, 2, 26, 19, 30, tzinfo=UTC), "Vous", (), own=True),
)


def seen(theme: v.Theme) -> v.Theme:
    strip = tuple(replace(i, visible_to=(), actions=()) for i in theme.informations if i.lines)
    return replace(theme, informations=strip, unanswered=0, form_href=None)


ROWS = tuple(
    v.AccessRow(
        1042 - n,
        datetime(2026, 3, 2, 9, 12, tzinfo=UTC),
        "SIAE Alpha",
        "7F3K-9QWM-2X",
        "proposer un poste",
        ("permis", "heures souhaitées"),
        LegalBasis.CONSENT,
        Outcome.GRANTED if n % 3 else Outcome.DENIED,
        StructureKind.SIAE,
        "conseiller",
    )
    for n in range(8)
)
HEALTH_OK = v.LogHealth(
    12345, datetime(2026, 3, 3, 13, 4, tzinfo=UTC), 12345, datetime(2026, 3, 3, 3, 0, tzinfo=UTC), True
)
