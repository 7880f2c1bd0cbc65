"""Every page with believable sample views, as static HTML behind a small local server.

Used by the tests of pages (axe, keyboard, narrow screens) and by hand: `python -m tests.web.gallery` prints
an address. The people and bodies are invented.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from schemas.names import LegalBasis, Role
from tests.web import (
    gallery_carnet,
    gallery_downloads,
    gallery_emergency,
    gallery_forgetting,
    gallery_indicators,
    gallery_mandates,
    gallery_notices,
    gallery_observations,
    gallery_overseen,
    gallery_path_file,
    gallery_proposals,
    gallery_receipts,
    gallery_referent,
    gallery_relinking,
    gallery_requests,
    gallery_sharing,
    gallery_team,
    gallery_volets,
)
from tests.web.gallery_account import own_account, own_office_account, signed_out
from tests.web.gallery_forms import CARRIED, FIELDS, PURPOSES, SHARE_THEMES, SPECIALS
from tests.web.gallery_people import (
    BODIES,
    CARDS,
    CCAS,
    DPO,
    END,
    ENDED,
    HEALTH,
    HEALTH_OK,
    HOUSING,
    LINES,
    LOCALE,
    NOBODY,
    NOW,
    PARTS,
    PERSON,
    PROFESSIONAL,
    ROWS,
    SIAE,
    WORK,
    seen,
)
from vault.web.pages import views as v
from vault.web.pages.rendering import STATIC, render

CSP = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CHECKPOINT = "carnet.exemple/log\n12345\n" + "A" * 43 + "=\n\n— carnet.exemple/log " + "A" * 92 + "\n"


@dataclass(frozen=True)
class Sample:
    """A page of the gallery: its view and who looks at it."""

    view: v.PageView
    common: v.Common


def _public() -> dict[str, v.PageView]:
    return {
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
        "carnet-a-verifier": gallery_relinking.HER,
        **gallery_sharing.SLIPS,
        **signed_out(),
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


def _person() -> dict[str, v.PageView]:
    return {
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
            gallery_carnet.DATES[1:],
            "logement",
            gallery_carnet.PHASE,
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
        **gallery_sharing.PAGES,
        "mes-partages": v.GrantsView(CARDS, ENDED, older_href="/mes-partages?avant=g3"),
        "mes-partages-vide": v.GrantsView(()),
        "qui-a-vu": v.AccessesView(LINES, True, "/qui-a-vu", "/qui-a-vu?avant=39", "/qui-a-vu"),
        "qui-a-vu-vide": v.AccessesView(()),
        **gallery_downloads.hers(),
        **gallery_path_file.hers(),
        **gallery_carnet.pages(),
        **gallery_requests.hers(),
        **gallery_proposals.hers(),
        **gallery_notices.pages(),
        **gallery_emergency.hers(),
        **gallery_referent.hers(),
        **gallery_observations.hers(),
        **gallery_volets.hers(),
        **gallery_receipts.pages(),
        **gallery_forgetting.hers(),
        **gallery_forgetting.anybody(),
        **gallery_downloads.anybodys(),
        **own_account(),
    }


def _professional() -> dict[str, v.PageView]:
    return {
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
            (seen(HOUSING), seen(WORK)),
            "Amina Diallo",
            (v.Link("aide d’urgence", "/carnets/c1?pour=aide_urgence"),),
        ),
        "carnet-vide": v.CarnetView("2B8R-4HTN-9C", "aide d’urgence", NOW, END, NOW, ()),
        "acces-termine": v.AccessEndedView(),
        **gallery_requests.theirs(),
        **gallery_proposals.office(),
        **gallery_emergency.theirs(),
        **gallery_observations.theirs(),
        **gallery_forgetting.office(),
        **gallery_volets.theirs(),
        **own_office_account(),
    }


def _dpo() -> dict[str, v.PageView]:
    return {
        "dpo": v.DpoHomeView(HEALTH_OK, ROWS[:3]),
        "dpo-neuf": v.DpoHomeView(v.LogHealth(1)),
        "dpo-acces": v.DpoAccessesView(ROWS, "/dpo/acces?avant=1034", "/dpo/acces"),
        "dpo-journal": v.DpoLogView(
            HEALTH_OK,
            CHECKPOINT,
        ),
        "dpo-journal-faux": v.DpoLogView(replace(HEALTH_OK, verified_ok=False)),
        "dpo-demandes": v.DpoRequestsView(),
        "dpo-demandes-recues": gallery_relinking.DESK,
        "dpo-demandes-faute": gallery_relinking.AT_FAULT,
        **gallery_emergency.officers(),
        **gallery_overseen.pages(),
        **gallery_forgetting.officers(),
        **gallery_indicators.pages(),
    }


def samples() -> Mapping[str, Sample]:
    """Every page and its variants, by a name that is also its address in the gallery."""
    here = {
        "mon-carnet": "/mon-carnet",
        "mes-partages": "/mes-partages",
        "qui-a-vu": "/qui-a-vu",
        "theme": "/mon-carnet/logement",
        "dpo": "/dpo",
        "dpo-acces": "/dpo/acces",
        "carnet": "/carnets/c1",
        "equipe": "/equipe",
    }
    groups = (
        (_public(), NOBODY),
        (_person(), PERSON),
        (_professional(), PROFESSIONAL),
        ({**gallery_team.PAGES, **gallery_referent.theirs()}, gallery_team.MANAGER),
        (_dpo(), DPO),
        *gallery_mandates.GROUPS,
    )
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
