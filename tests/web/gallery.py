"""Every page with believable sample views, as static HTML behind a small local server.

Used by the tests of pages (axe, keyboard, narrow screens) and by hand: `python -m tests.web.gallery` prints an
address. The people and bodies are invented.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from schemas.names import (
    Agreement,
    AnswerKind,
    CallerKind,
    GrantState,
    LegalBasis,
    Outcome,
    Role,
    StructureKind,
)
from vault.web.pages import views as v
from vault.web.pages.rendering import STATIC, render

NOW = datetime(2026, 3, 3, 13, 5, tzinfo=UTC)
CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
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


@dataclass(frozen=True)
class Sample:
    """A page of the gallery: its view and who looks at it."""

    view: v.PageView
    common: v.Common


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
            "Avez-vous un logement fixe ?",
            ("Oui",),
            _hers(),
            sensitive=True,
            visible_to=("CCAS de Brest", "Mission locale du Pays de Brest"),
            actions=_fix("logement", "logement_fixe"),
        ),
        v.Information(
            "logement_statut",
            "Quelle est votre situation de logement ?",
            ("Hébergée chez quelqu’un",),
            _hers(),
            sensitive=True,
            visible_to=("CCAS de Brest",),
            actions=_fix("logement", "logement_statut"),
        ),
        v.Information(
            "logement_difficultes",
            "Quelles difficultés avez-vous avec votre logement ?",
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
            "Avez-vous un permis de conduire ?",
            ("Permis B",),
            _hers(2),
            visible_to=("SIAE Alpha",),
            actions=_fix("mobilite", "permis_conduire"),
        ),
        v.Information(
            "vehicule_disponible",
            "Avez-vous un véhicule ?",
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
            "Combien d’heures par semaine souhaitez-vous travailler ?",
            ("24 heures",),
            _hers(20),
            visible_to=("SIAE Alpha",),
            actions=_fix("emploi", "temps_travail_souhaite"),
        ),
        v.Information(
            "parcours_recit",
            "Pouvez-vous raconter votre parcours ?",
            (
                "J’ai travaillé six ans en cuisine, puis j’ai gardé ma mère.\nJe voudrais reprendre à mi-temps. "
                + LONG_WORD,
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
        date(2026, 2, 27),
    ),
    v.AccessLine(
        "41",
        datetime(2026, 2, 28, 15, 40, tzinfo=UTC),
        "CCAS de Brest",
        ("logement fixe", "situation de logement", "enfants"),
        "vous accompagner dans vos démarches",
        StructureKind.CCAS,
        "votre référente",
        date(2026, 2, 1),
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
CARRIED = (v.Hidden("structure_id", "s2"), v.Hidden("purpose_id", "proposer_poste"))
NON_ANSWERS = AnswerKind.DOES_NOT_KNOW


def _choices(*labels: str, chosen: str = "") -> tuple[v.Choice, ...]:
    return tuple(v.Choice(label.lower().replace(" ", "_"), label, label == chosen) for label in labels)


FIELDS = (
    v.FieldForm("identite_nom", v.InputKind.NAME, "Votre nom", typed=("Amina Diallo",)),
    v.FieldForm(
        "logement_fixe",
        v.InputKind.YES_NO,
        "Avez-vous un logement fixe ?",
        choices=(v.Choice("true", "Oui", True), v.Choice("false", "Non")),
        answer=AnswerKind.ANSWERED,
        version=2,
        sensitive=True,
    ),
    v.FieldForm(
        "logement_statut",
        v.InputKind.CHOICE_ONE,
        "Quelle est votre situation de logement ?",
        choices=_choices("Propriétaire", "Locataire", "Hébergée chez quelqu’un", "Sans abri"),
        answer=AnswerKind.PREFERS_NOT_TO_SAY,
    ),
    v.FieldForm(
        "modes_deplacement",
        v.InputKind.CHOICE_MANY,
        "Comment vous déplacez-vous ?",
        "Plusieurs réponses possibles.",
        choices=_choices("À pied", "Vélo", "Bus ou tramway", "Voiture", chosen="Vélo"),
        answer=AnswerKind.ANSWERED,
    ),
    v.FieldForm(
        "priorites",
        v.InputKind.ORDERED_CHOICE,
        "Quelles sont vos priorités ?",
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
        "Combien d’enfants avez-vous ?",
        typed=("deux",),
        answer=AnswerKind.ANSWERED,
        minimum=0,
        error="Écrivez un nombre en chiffres, par exemple 2. Votre réponse est gardée.",
    ),
    v.FieldForm(
        "temps_travail_souhaite",
        v.InputKind.NUMBER,
        "Combien d’heures par semaine souhaitez-vous travailler ?",
        typed=("24",),
        minimum=0,
        maximum=48,
        unit="heures par semaine",
        answer=AnswerKind.ANSWERED,
    ),
    v.FieldForm(
        "disponibilite_le",
        v.InputKind.DATE,
        "À partir de quand ?",
        "Par exemple 15 4 2026.",
        typed=("31", "2", "2026"),
        answer=AnswerKind.ANSWERED,
        error="Le 31 février n’existe pas. Choisissez un autre jour.",
    ),
    v.FieldForm(
        "diplome_intitule",
        v.InputKind.SHORT_TEXT,
        "Quel est le nom de votre diplôme ?",
        typed=("CAP cuisine",),
        max_length=200,
        answer=AnswerKind.ANSWERED,
    ),
    v.FieldForm(
        "parcours_recit",
        v.InputKind.LONG_TEXT,
        "Pouvez-vous raconter votre parcours ?",
        typed=("J’ai travaillé six ans en cuisine.",),
        max_length=4000,
        free_text=True,
        warning="Votre texte parle peut-être de santé. Il est gardé. Relisez-le avant de le partager.",
        answer=AnswerKind.ANSWERED,
    ),
    v.FieldForm(
        "qualites_atouts",
        v.InputKind.TEXT_LIST,
        "Quelles sont vos qualités, vos atouts ?",
        typed=("patiente", "ponctuelle"),
        max_items=10,
        answer=NON_ANSWERS,
    ),
    v.FieldForm(
        "francais_aisance",
        v.InputKind.OBJECT,
        "Êtes-vous à l’aise avec le français ?",
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
        "Quels métiers aimeriez-vous faire ?",
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
            v.ShareLine("permis_conduire", "Avez-vous un permis de conduire ?", ("Permis B",), chosen=True),
            v.ShareLine("vehicule_disponible", "Avez-vous un véhicule ?", ()),
        ),
    ),
    v.ShareTheme(
        "garde_enfants",
        "Garde d’enfants",
        (
            v.ShareLine(
                "garde_enfants_contraintes",
                "Avez-vous des contraintes de garde ?",
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
                "Combien d’heures par semaine souhaitez-vous travailler ?",
                ("24 heures",),
                chosen=True,
            ),
            v.ShareLine("disponibilite_le", "À partir de quand ?", ("lundi 6 avril",), chosen=True),
        ),
    ),
)
SPECIALS = (
    v.ShareLine("sante_retentissement", "Votre santé et le travail", ("Limite certains métiers",)),
    v.ShareLine(
        "revenus_sources:precis", "Le détail de vos revenus", ("RSA", "Prime d’activité"), chosen=True
    ),
)


def _seen(theme: v.Theme) -> v.Theme:
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


def samples() -> Mapping[str, Sample]:
    """Every page and its variants, by a name that is also its address in the gallery."""
    public: dict[str, v.PageView] = {
        "accueil": v.WelcomeView(),
        "connexion": v.SignInView(),
        "connexion-fermee": v.SignInView(None, None, session_ended=True),
        **{
            f"refus-{why.value}": v.SignInRefusedView(
                why, why in ("second_factor", "not_invited"), "/connexion/franceconnect"
            )
            for why in v.WhyRefused
        },
        "invitation": v.InvitationView(CCAS, Role.ADVISER, "/invitation/jeton"),
        "invitation-perdue": v.InvitationView(),
        "deconnecte": v.SignedOutView(),
        "aide": v.HelpView(),
        "accessibilite": v.AccessibilityView(date(2026, 1, 15), "https://carnet.exemple.invalid"),
        "plan-du-site": v.SiteMapView(),
        "mentions-legales": v.LegalView(),
        "contact": v.ContactView(),
        "donnees-personnelles": v.PersonalDataView(
            "3",
            date(2026, 1, 15),
            (
                v.NoticePurpose(
                    "Proposer un poste",
                    "Chercher avec vous un emploi qui vous convient.",
                    LegalBasis.CONSENT,
                    ("entreprises d’insertion", "France Travail"),
                    182,
                ),
            ),
            (
                v.NoticeTheme(
                    "logement",
                    "Logement",
                    (v.NoticeField("Logement fixe"), v.NoticeField("Situation de logement")),
                ),
                v.NoticeTheme("sante", "Santé", (v.NoticeField("Votre santé et le travail", True),)),
            ),
            (v.Retention("Votre carnet", "2 ans après votre dernière visite"),),
            (v.Link("Version 2", "/donnees-personnelles?version=2"),),
        ),
        **{
            f"erreur-{status}": v.ErrorView(status, retry_after=30 if status in (429, 503) else None)
            for status in (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)
        },
    }
    person: dict[str, v.PageView] = {
        "mon-carnet": v.HomeView(
            "Amina",
            "7F3K-9QWM-2X",
            PARTS,
            (
                v.Todo(
                    "Confirmer votre logement", "/mon-carnet/logement", "Votre réponse a plus de trois mois."
                ),
                v.Todo("Votre partage avec SIAE Alpha se termine ce soir", "/mes-partages"),
            ),
            CARDS,
            LINES[:2],
        ),
        "mon-carnet-vide": v.HomeView(
            "Amina",
            "7F3K-9QWM-2X",
            (
                replace(PARTS[0], themes=(replace(HOUSING, informations=(), unanswered=3), HEALTH)),
                *PARTS[1:2],
            ),
        ),
        "theme": v.ThemeFormView(
            "logement",
            "Logement",
            "/mon-carnet/logement",
            tuple(
                replace(f, error="", warning="", parts=tuple(replace(p, error="") for p in f.parts))
                for f in FIELDS
            ),
        ),
        "theme-fautes": v.ThemeFormView("logement", "Logement", "/mon-carnet/logement", FIELDS),
        "partager-qui": v.ShareWhoView(known=(CCAS, LOCALE)),
        "partager-qui-cherche": v.ShareWhoView("exemple", (CCAS,), BODIES, True),
        "partager-qui-rien": v.ShareWhoView("zzz"),
        "partager-pourquoi": v.ShareWhyView(
            SIAE, PURPOSES, CARRIED[:1], "Choisissez une raison pour continuer."
        ),
        "partager-quoi": v.ShareWhatView(
            SIAE,
            "vous proposer un poste",
            (
                v.Preset("emploi", "Pour chercher un emploi", 9),
                v.Preset("referent", "Ce dont votre référent a besoin", 14, True),
            ),
            SHARE_THEMES,
            CARRIED,
            SPECIALS,
        ),
        "partager-a-part": v.ShareSpecialView(
            SIAE,
            "vous proposer un poste",
            SPECIALS[0],
            "Cette réponse parle de votre santé. La loi la protège plus que les autres.",
            CARRIED,
        ),
        "partager-duree": v.ShareHowLongView(
            SIAE,
            "vous proposer un poste",
            (
                v.Duration(1, "1 jour", datetime(2026, 3, 4, 23, tzinfo=UTC)),
                v.Duration(31, "1 mois", datetime(2026, 4, 3, 22, tzinfo=UTC)),
                v.Duration(182, "6 mois", datetime(2026, 9, 1, 22, tzinfo=UTC)),
            ),
            CARRIED,
        ),
        "partager-verifier": v.ShareConfirmView(
            SIAE,
            "vous proposer un poste",
            datetime(2026, 4, 3, 22, tzinfo=UTC),
            3,
            (_seen(MOBILITY), _seen(WORK)),
            CARRIED,
            "Amina Diallo",
            ("véhicule",),
            True,
        ),
        "partage-fait": v.ShareDoneView(
            SIAE,
            "vous proposer un poste",
            ("permis", "heures souhaitées", "disponibilité"),
            END,
            "/mes-partages/g2/arreter",
        ),
        "mes-partages": v.GrantsView(CARDS, ENDED, older_href="/mes-partages?avant=g3"),
        "mes-partages-vide": v.GrantsView(()),
        "partage-arrete": v.GrantStoppedView(SIAE, ("permis", "heures souhaitées"), NOW, True),
        "qui-a-vu": v.AccessesView(LINES, True, "/qui-a-vu", "/qui-a-vu?avant=39", "/qui-a-vu"),
        "qui-a-vu-vide": v.AccessesView(()),
        "telechargements": v.DownloadsView("/mes-telechargements/carnet.pdf"),
        "telechargements-sans": v.DownloadsView(None),
        "mes-demandes": v.RequestsView(),
    }
    professional: dict[str, v.PageView] = {
        "choisir-structure": v.ChooseStructureView(
            (v.Habilitation("h1", CCAS, Role.REFERENT), v.Habilitation("h2", SIAE, Role.MEMBER))
        ),
        "carnets": v.CarnetsView(
            (
                v.CarnetRow(
                    "/carnets/c1",
                    "7F3K-9QWM-2X",
                    "accompagner dans les démarches",
                    NOW,
                    END,
                    3,
                    "Amina Diallo",
                ),
                v.CarnetRow("/carnets/c2", "2B8R-4HTN-9C", "aide d’urgence", NOW, END, 5),
            ),
            "/carnets?apres=c2",
        ),
        "carnets-vide": v.CarnetsView(()),
        "carnet": v.CarnetView(
            "7F3K-9QWM-2X",
            "accompagner dans les démarches",
            datetime(2026, 2, 1, 9, tzinfo=UTC),
            END,
            NOW,
            (_seen(HOUSING), _seen(WORK)),
            "Amina Diallo",
            (v.Link("aide d’urgence", "/carnets/c1?pour=aide_urgence"),),
        ),
        "carnet-vide": v.CarnetView("2B8R-4HTN-9C", "aide d’urgence", NOW, END, NOW, ()),
        "acces-termine": v.AccessEndedView(),
    }
    dpo: dict[str, v.PageView] = {
        "dpo": v.DpoHomeView(HEALTH_OK, ROWS[:3]),
        "dpo-neuf": v.DpoHomeView(v.LogHealth(1)),
        "dpo-acces": v.DpoAccessesView(ROWS, "/dpo/acces?avant=1034", "/dpo/acces"),
        "dpo-journal": v.DpoLogView(
            HEALTH_OK,
            "carnet.exemple.invalid/log\n12345\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— carnet.exemple.invalid/log Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=",
        ),
        "dpo-journal-faux": v.DpoLogView(replace(HEALTH_OK, verified_ok=False)),
        "dpo-demandes": v.DpoRequestsView(),
    }
    here = {
        "mon-carnet": "/mon-carnet",
        "mes-partages": "/mes-partages",
        "qui-a-vu": "/qui-a-vu",
        "theme": "/mon-carnet/logement",
        "dpo": "/dpo",
        "dpo-acces": "/dpo/acces",
        "carnet": "/carnets/c1",
    }
    groups = ((public, NOBODY), (person, PERSON), (professional, PROFESSIONAL), (dpo, DPO))
    return {
        name: Sample(view, replace(common, here=here.get(name, "/-")))
        for group, common in groups
        for name, view in group.items()
    }


class _Gallery(BaseHTTPRequestHandler):
    pages: Mapping[str, Sample]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/static/") and (STATIC / path.removeprefix("/static/")).is_file():
            name = path.removeprefix("/static/")
            kind = {"css": "text/css", "svg": "image/svg+xml"}.get(
                name.rpartition(".")[2], "application/octet-stream"
            )
            self._send(200, kind, (STATIC / name).read_bytes())
        elif path.strip("/") in self.pages:
            sample = self.pages[path.strip("/")]
            self._send(200, "text/html; charset=utf-8", render(sample.view, sample.common).encode())
        else:
            links = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in self.pages)
            self._send(
                200 if path == "/" else 404,
                "text/html; charset=utf-8",
                f"<!doctype html><ul>{links}</ul>".encode(),
            )

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextmanager
def gallery_server(port: int = 0) -> Iterator[str]:
    """Serves the gallery on loopback and gives its address, without a trailing slash."""
    handler = type("Handler", (_Gallery,), {"pages": samples()})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


if __name__ == "__main__":
    with gallery_server() as address:
        print(address)  # noqa: T201
        threading.Event().wait()
