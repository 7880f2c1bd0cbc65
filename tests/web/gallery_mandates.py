"""The gallery's pages of those who act for somebody: full, empty, at fault."""

from dataclasses import replace
from datetime import timedelta

from consent.mandates import possible_scopes
from schemas.names import MandateKind, MandateScope
from tests.web.gallery_people import CCAS, DPO, END, LONG_WORD, NOW, PERSON, PROFESSIONAL
from vault.web.pages import views as v

HELPER = replace(PROFESSIONAL, visitor=replace(PROFESSIONAL.visitor, name="Paul Aidant", helps=True))
PAGES_OPEN = (
    v.Link("Son carnet", "/mon-carnet"),
    v.Link("Qui a vu\u202f?", "/qui-a-vu"),
    v.Link("Ses partages", "/mes-partages"),
)
ROSA = v.ActingFor("Rosa Nunes", "au titre du mandat d’aide", PAGES_OPEN)
ACTING = replace(PERSON, visitor=replace(PERSON.visitor, acting=ROSA))
NOBODY_NOW = v.ActingFor(LONG_WORD, "mais ce mandat est terminé")
OVER = replace(PERSON, visitor=replace(PERSON.visitor, acting=NOBODY_NOW))
SINCE = NOW - timedelta(days=40)
GIVEN = v.MandateCard(
    MandateKind.HELPER,
    "Paul Aidant",
    tuple(MandateScope),
    SINCE,
    END,
    "/mes-mandats/m1/actes",
    CCAS,
    end_action="/mes-mandats/m1/fin",
)
RULED = v.MandateCard(
    MandateKind.GUARDIANSHIP,
    LONG_WORD,
    (MandateScope.SEE,),
    SINCE,
    END,
    "/mes-mandats/m2/actes",
    standing=False,
)
OTHERS = tuple(one for one in possible_scopes(MandateKind.HELPER) if one is not MandateScope.SEE)
DAYS = ((1, "1 jour"), (31, "1 mois"), (182, "6 mois"), (365, "1 an"))
ACTS = (
    v.ActLine(NOW, "Réponses écrites", ("permis de conduire", "langues parlées")),
    v.ActLine(NOW, "Partage accordé", (), refused=True),
    v.ActLine(SINCE, "Début\u00a0: votre nom a été affiché", ("nom",)),
)
HELD = v.HeldRow(
    "ABC DEFG HJK", MandateKind.HELPER, tuple(MandateScope), END, "/agir/m1", "/agir/m1/renoncer"
)
FAULTS = {
    "scope": "Choisissez ce que cette personne peut faire.",
    "days": "Choisissez une durée de la liste.",
}
PERSON_PAGES: dict[str, v.PageView] = {
    "mandats": v.MandatesView((GIVEN, RULED), (replace(GIVEN, ended_at=NOW, end_action=None),)),
    "mandats-vide": v.MandatesView((), ()),
    "mandat-code": v.FindHelperView(),
    "mandat-code-faute": v.FindHelperView("ABC", "Ce code ne mène à personne."),
    "mandat-donner": v.GiveMandateView("Paul Aidant", CCAS, "ABC", OTHERS, DAYS),
    "mandat-donner-fautes": v.GiveMandateView(LONG_WORD, CCAS, "ABC", OTHERS, DAYS, ("share",), "31", FAULTS),
    "mandat-actes": v.ActsView(
        "Paul Aidant (CCAS de Brest), au titre du mandat d’aide du 3 mars", ACTS, "/-"
    ),
    "mandat-actes-vide": v.ActsView("Paul Aidant", ()),
    "agir-proche": v.HeldView((replace(HELD, kind=MandateKind.GUARDIANSHIP, stop_action=None),), False),
}
HELPER_PAGES: dict[str, v.PageView] = {
    "agir": v.HeldView((HELD,), True),
    "agir-vide": v.HeldView((), True),
    "agir-code": v.HeldView((), True, "ABC DEFG HJK", NOW + timedelta(hours=24)),
}
ACTING_PAGES: dict[str, v.PageView] = {"agir-partages": v.GrantsView(())}
OVER_PAGES: dict[str, v.PageView] = {
    "agir-refus": v.ErrorView(
        status=403, what="Votre mandat ne permet pas cette page, ou il est terminé. Rien n’a été fait."
    )
}
RULING = v.DpoMandateRow(
    "ABC DEFG HJK", MandateKind.GUARDIANSHIP, tuple(MandateScope), SINCE, END, True, "/dpo/mandats/m2/fin"
)
DPO_PAGES: dict[str, v.PageView] = {
    "dpo-mandats": v.DpoMandatesView((RULING,)),
    "dpo-mandats-fautes": v.DpoMandatesView(
        (),
        {"numero": "ABC", "genre": "guardianship", "jour": "31", "mois": "2", "annee": "2030"},
        ("write",),
        {
            "numero": "Aucun carnet ouvert n’a ce numéro. Vérifiez-le.",
            "qui": "Dites qui tient ce mandat.",
            "jour": "Écrivez le jour, le mois et l’année en chiffres.",
        },
    ),
}
GROUPS = (
    (PERSON_PAGES, PERSON),
    (HELPER_PAGES, HELPER),
    (ACTING_PAGES, ACTING),
    (OVER_PAGES, OVER),
    (DPO_PAGES, DPO),
)
