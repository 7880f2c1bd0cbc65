"""Sample views of sharing: what the reader sees, what can be guessed, what stops and what was read."""

from dataclasses import replace
from datetime import UTC, datetime

from schemas.names import GrantState
from tests.web.gallery_forms import CARRIED
from tests.web.gallery_people import CARDS, CCAS, MOBILITY, NOW, SIAE, WORK, seen
from vault.web.pages import views as v

SCREEN = v.CarnetView(
    reference="7F3 K9QW M2X",
    purpose="proposition de travail",
    starts_at=NOW,
    ends_at=datetime(2026, 4, 3, 22, tzinfo=UTC),
    read_at=NOW,
    themes=(seen(MOBILITY), seen(WORK)),
    name="Amina Diallo",
    others=(v.Link("accompagnement", "/mes-partages/g1/vu"),),
)
GUESSES = (
    v.GuessLine("Votre nom est montré"),
    v.GuessLine(
        "Une réponse simplifiée dit encore quelque chose",
        ("sources de revenu",),
        "«\N{NO-BREAK SPACE}un minimum social\N{NO-BREAK SPACE}» veut dire l’une de ces "
        "réponses\N{NO-BREAK SPACE}: RSA (revenu de solidarité active), allocation de solidarité spécifique "
        "(ASS), allocation aux adultes handicapés (AAH). "
        "On ne sait pas laquelle.",
    ),
    v.GuessLine("Ces réponses parlent aussi d’une autre personne", ("conjoint ou conjointe",)),
)
PREVIEW = v.Preview(SIAE, SCREEN, guesses=GUESSES, empty=("véhicule",))
CARD = replace(
    CARDS[0],
    stop="M’opposer à ce partage",
    stops="CCAS de Brest ne lira plus rien ici. Ce qu’il a noté pour sa mission reste dans ses dossiers.",
    rests_on="une mission d’intérêt public (code de l’action sociale et des familles, articles L. 263-4-1 et "
    "R. 263-1 à R. 263-9)",
    reads=(
        v.ReadLine(
            datetime(2026, 3, 2, 9, 12, tzinfo=UTC), ("permis de conduire", "temps de travail souhaité")
        ),
        v.ReadLine(datetime(2026, 2, 27, 9, 12, tzinfo=UTC), ()),
    ),
    more_reads=12,
    pause_action="/mes-partages/g1/suspendre",
    links=(
        v.Link("Voir ce qu’il voit", "/mes-partages/g1/vu"),
        v.Link("Alertes", "/mes-partages/g1/alertes"),
    ),
)
STILL = replace(
    CARD,
    state=GrantState.SUSPENDED,
    still=True,
    state_why="Vous l’avez suspendu le 2 mars.",
    pause_action=None,
    resume_action="/mes-partages/g1/reprendre",
    links=(),
)
PAGES: dict[str, v.PageView] = {
    "partager-verifier": v.ShareConfirmView(
        SIAE,
        "vous proposer un poste",
        datetime(2026, 4, 3, 22, tzinfo=UTC),
        3,
        PREVIEW,
        CARRIED,
        replaces=True,
        before="C’est vous qui décidez. Vous pourrez changer d’avis quand vous voulez.",
        rests_on="votre accord",
    ),
    "partage-vu": v.SeenView(PREVIEW, "/mes-partages/g1/arreter"),
    "partage-vu-abime": v.SeenView(v.Preview(CCAS, None, broken=True), "/mes-partages/g1/arreter"),
    "partage-vu-ferme": v.SeenView(v.Preview(CCAS, None)),
    "mes-partages-mission": v.GrantsView((CARD, STILL), (replace(CARDS[1], stop_action=None, pending=True),)),
    "partage-arrete": v.GrantStoppedView(
        SIAE,
        ("permis", "heures souhaitées"),
        NOW,
        True,
        "SIAE Alpha n’a plus aucun accès par ce partage.",
        CARD.reads,
    ),
    "partage-fait": v.ShareDoneView(
        SIAE,
        "vous proposer un poste",
        ("permis", "heures souhaitées"),
        datetime(2026, 4, 3, 22, tzinfo=UTC),
        "/mes-partages/g2/arreter",
        seen_href="/mes-partages/g2/vu",
        slip_action="/mes-partages/g2/papier",
    ),
}
SLIPS: dict[str, v.PageView] = {
    "papier": v.SlipView(),
    "papier-inconnu": v.SlipView(unknown=True),
    "papier-sur": v.SlipView(given_at=NOW, code="7F3K 9QWM 2XBD HT4R"),
    "papier-arrete": v.SlipView(stopped=True),
}
