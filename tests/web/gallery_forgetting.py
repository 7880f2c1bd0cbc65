"""The gallery's pages of the right to be forgotten: hers, the desks, the notices, the public check."""

from collections.abc import Mapping
from datetime import timedelta

from tests.web.gallery_people import CCAS, NOW, SIAE
from vault.web.pages import views as v

DAY = NOW.date() + timedelta(days=21)
INFORMATION = v.Information("permis_conduire", "Permis de conduire", ("Permis B",))
STEPS = (
    v.ForgetStep("demande reçue", "vous", NOW - timedelta(days=9)),
    v.ForgetStep("accusé de réception", "le service", NOW - timedelta(days=9)),
)
REFUSED = v.ForgetStep("demande refusée", "votre référent", NOW, "Une aide en cours s’appuie dessus.")
DONE = (
    *STEPS,
    v.ForgetStep("demande acceptée", "votre référent", NOW),
    v.ForgetStep("demande exécutée", "le service", NOW),
)


def one(**told: object) -> v.ForgetOneView:
    usual: dict[str, object] = {
        "label": "Permis de conduire",
        "action": "/mes-oublis/d1",
        "state": "en attente de réponse",
        "asked_at": NOW - timedelta(days=9),
        "last_day": DAY,
        "days_left": 21,
        "waits": True,
        "late": False,
        "refused": False,
        "part": False,
        "done": False,
        "to": "votre référent (CCAS de Brest)",
        "steps": STEPS,
        "reason": "Je n’ai plus le permis.",
    }
    return v.ForgetOneView(**{**usual, **told})  # type: ignore[arg-type] # a sample in a few words


def request(**told: object) -> v.ForgetRequestView:
    usual: dict[str, object] = {
        "reference": "7KQM-2WXN-4T",
        "action": "/demandes-d-oubli/d1",
        "back_href": "/demandes-d-oubli",
        "label": "Permis de conduire",
        "asked_at": NOW - timedelta(days=9),
        "last_day": DAY,
        "days_left": 21,
        "waits": True,
        "officer": False,
        "may_extend": True,
        "may_part": True,
        "state": "en attente de réponse",
        "reason": "Je n’ai plus le permis.",
        "readers": ((SIAE.name, 3, NOW - timedelta(days=2)), (CCAS.name, 1, NOW - timedelta(days=40))),
        "named_by": (("Actions", 2), ("Objectifs", 1)),
        "hidden": True,
        "steps": STEPS,
    }
    return v.ForgetRequestView(**{**usual, **told})  # type: ignore[arg-type] # a sample in a few words


ASK = v.ForgetAskView(
    INFORMATION,
    "/mon-carnet/info/e1/oubli",
    at_once=False,
    longest=1000,
    to="votre référent (CCAS de Brest)",
    readers=(SIAE.name, CCAS.name),
    back_href="/mon-carnet/info/e1",
)


def hers() -> Mapping[str, v.PageView]:
    lines = (
        v.ForgetLine(
            "/mes-oublis/d1", "Permis de conduire", NOW - timedelta(days=9), "en attente de réponse", 21
        ),
        v.ForgetLine("/mes-oublis/d2", "Logement", NOW - timedelta(days=40), "en attente de réponse", -9),
        v.ForgetLine("/mes-oublis/d3", "Enfants", NOW - timedelta(days=70), "faite"),
    )
    alone = v.ForgetAskView(INFORMATION, "/mon-carnet/info/e1/oubli", at_once=True, longest=1000)
    readers = (
        v.ForgetReader(SIAE, NOW),
        v.ForgetReader(CCAS, None),
        v.ForgetReader(CCAS, None, overdue=True),
    )
    refused = (*STEPS, REFUSED)
    return {
        "oubli-demander": ASK,
        "oubli-tout-de-suite": alone,
        "mes-oublis": v.ForgetsView(lines),
        "mes-oublis-vide": v.ForgetsView(()),
        "oubli-attend": one(),
        "oubli-retard": one(
            late=True, days_left=-3, last_day=NOW.date() - timedelta(days=3), may_escalate=True
        ),
        "oubli-refuse": one(
            waits=False, refused=True, answer=REFUSED.words, may_escalate=True, steps=refused, state="refusée"
        ),
        "oubli-en-partie": one(
            waits=False, part=True, answer="La dernière version sert.", may_escalate=True, steps=refused
        ),
        "oubli-fait": one(
            waits=False,
            done=True,
            readers=readers,
            blind_after=DAY,
            certificate=True,
            steps=DONE,
            state="faite",
        ),
        "oubli-fait-seule": one(waits=False, done=True, blind_after=DAY, steps=DONE, state="faite"),
    }


def office() -> Mapping[str, v.PageView]:
    lines = (
        v.ForgetDeskLine(
            "/demandes-d-oubli/d2", "7KQM-2WXN-4T", NOW, NOW.date(), -2, True, "en attente de réponse"
        ),
        v.ForgetDeskLine("/demandes-d-oubli/d1", "8LRN-3XYP-5V", NOW, DAY, 3, True, "en attente de réponse"),
        v.ForgetDeskLine("/demandes-d-oubli/d3", "9MSP-4YZQ-6W", NOW, DAY, 21, False, "faite"),
    )
    notices = (
        v.AvisLine("7KQM-2WXN-4T", "Permis de conduire", NOW, None, "/avis/n1/recu"),
        v.AvisLine("8LRN-3XYP-5V", "Logement", NOW, NOW + timedelta(days=2), "/avis/n2/recu"),
    )
    return {
        "demandes-oubli": v.ForgetDeskView(lines),
        "demandes-oubli-vide": v.ForgetDeskView(()),
        "demande-oubli": request(),
        "demande-oubli-cachee": request(label="", readers=(), named_by=(), hidden=False, may_part=False),
        "demande-oubli-erreur": request(text="", fault="Dites pourquoi, en quelques mots."),
        "avis": v.AvisView(notices[:1], notices[1:]),
        "avis-vide": v.AvisView((), ()),
    }


def officers() -> Mapping[str, v.PageView]:
    late = v.AvisLine("7KQM-2WXN-4T", "", NOW - timedelta(days=20), None, body=SIAE)
    lines = (v.ForgetDeskLine("/dpo/oublis/d1", "7KQM-2WXN-4T", NOW, DAY, 21, True, "en attente de réponse"),)
    return {
        "dpo-oublis": v.ForgetDeskView(lines, officer=True, notices=(late,)),
        "dpo-oubli": request(officer=True, label="", action="/dpo/oublis/d1", back_href="/dpo/oublis"),
    }


def anybody() -> Mapping[str, v.PageView]:
    return {
        "certificat-verifier": v.CertificateCheckView(),
        "certificat-connu": v.CertificateCheckView(True, NOW, DAY),
        "certificat-inconnu": v.CertificateCheckView(True),
    }
