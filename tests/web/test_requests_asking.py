"""« Demander » for professionals: the same page for whoever exists or not, faults for what was typed."""

from tests.web.site import V1, Site
from vault.carnet.references import shown

WHY = "Pour vous proposer un poste près de chez vous."


def test_the_page_is_the_same_whatever_the_number_leads_to(lone_site: Site) -> None:
    site = lone_site
    ana, me = site.person("ana-demandée")
    his = site.professional(site.world.structure("SIAE de Paul"), "paul-demande")
    carnet = site.world.parts.data.carnet(ana.carnet_id)
    assert carnet is not None
    assert "/demander" in his.get("/carnets").text
    assert "finalite=proposer_poste" in his.get("/demander").text
    assert "Numéro du carnet" in his.get("/demander?finalite=proposer_poste").text
    told = {
        "csrf_token": his.headers["X-CSRF-Token"],
        "finalite": "proposer_poste",
        "champs": ["permis_conduire"],
        "duree": "31",
        "raison": WHY,
        "pour": "me",
    }
    number = shown(carnet.reference)
    answers = [
        his.post("/demander", data=told | {"numero": number}),
        his.post("/demander", data=told | {"numero": number}),  # one waits already
        his.post("/demander", data=told | {"carnet": "a" * 26}),  # nobody's
    ]
    for answer in answers:
        assert (answer.status_code, answer.headers["location"]) == (303, "/demander/envoyee"), answer.text
        assert sorted(answer.headers) == sorted(answers[0].headers)
        assert answer.content == answers[0].content
    assert "Vous ne saurez pas si elle est lue ou refusée" in his.get("/demander/envoyee").text
    (request,) = me.get(f"{V1}/me/requests").json()["items"]
    assert (request["reason"], request["fields"]) == (WHY, ["permis_conduire"])
    for wrong in ({"numero": "123"}, {"raison": "court"}, {"duree": ""}, {"champs": ["adresse"]}):
        fault = his.post("/demander", data=told | {"numero": number} | wrong)
        assert fault.status_code == 422, wrong
        assert "À corriger" in fault.text
