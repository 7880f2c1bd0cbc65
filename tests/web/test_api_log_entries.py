"""How many entries each call leaves, and that they stand before the first byte of the answer.

The calls are walked from the OpenAPI document: an operation without a sample here fails the test.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from consent.demands import DemandMove
from consent.grants import Grantee
from exporters import PaperUnavailableError, to_pdf
from schemas.ids import CompartmentId, DemandId, EntryId, FieldId, GrantId, PurposeId
from schemas.names import Right, Role, StructureKind
from tests.services.test_break_glass import a_frame
from tests.web.api_samples import EMERGENCIES, about_emergencies, about_mandates
from tests.web.site import BASE, V1, Machine, Site, fields_url, site_over
from tests.world import SIAE_FIELDS, Someone, World
from vault.audit.events import Op
from vault.services import forget_desk
from vault.services.designating import designate
from vault.services.exporting import export_own_carnet
from vault.services.forgetting import ask_to_forget
from vault.services.journal import OPERATOR
from vault.services.mailing import list_mails, open_mail
from vault.services.notices import ask_address
from vault.services.observing import observe
from vault.services.own_carnet import read_own_carnet
from vault.services.recipients import notices_to
from vault.services.replying import Replied, reply
from vault.services.sharing import Wish, give_grant
from vault.services.understanding import look_at_own_volets
from vault.services.writing import Answer, write_entry

Call = Callable[[TestClient], Any]


@dataclass
class Scene:
    """A person who shares with a structure, and everybody's client."""

    site: Site
    ana: Someone
    alpha: Machine
    grant_id: str
    clients: dict[str, TestClient]


@pytest.fixture
def scene(site: Site) -> Scene:
    ana, me = site.person()
    site.world.fill(ana)
    alpha = site.machine()
    grant = site.world.share(ana, alpha.structure_id)
    clients = {
        "anyone": site.client(),
        "person": me,
        "system": site.system(alpha),
        "professional": site.professional(alpha.structure_id),
        "dpo": site.dpo(),
        "leaver": site.person("leaver")[1],
    }
    return Scene(site, ana, alpha, grant.id, clients)


def samples(scene: Scene) -> dict[str, list[tuple[str, Call]]]:
    """By operation, who calls and how."""
    give = {
        "grantee": {"structure_id": scene.site.machine("SIAE Beta").structure_id},
        "purpose_id": "proposer_poste",
        "fields": list(SIAE_FIELDS),
        "days": 31,
    }
    url = fields_url(scene.ana.carnet_id)
    (row,) = scene.site.world.parts.data.receipts_of(
        scene.ana.carnet_id, grant_id=GrantId(scene.grant_id), before=None, limit=1
    )
    receipt_id = row.receipt_id
    read: Call = lambda client: client.get(url)  # noqa: E731 - one call for two callers
    return {
        "session": [(who, get("/session")) for who in ("person", "professional", "dpo")],
        "catalogue": [("anyone", get("/catalogue"))],
        "purposes": [("anyone", get("/purposes"))],
        "openapi": [("anyone", get("/openapi.json"))],
        "my_carnet": [("person", get("/me/carnet"))],
        "my_carnet_pdf": [("person", get("/me/carnet.pdf"))],
        "take_everything": [("person", get("/me/everything.zip"))],
        "my_path": [("person", get("/me/path"))],
        "close_carnet": [("leaver", lambda c: c.post(f"{V1}/me/close", json={"for_real": True}))],
        "my_accesses": [("person", get("/me/accesses")), ("person", get("/me/accesses?own=1"))],
        "my_grantees": [("person", get("/me/grantees?q=siae"))],
        "my_grants": [("person", get("/me/grants"))],
        "write_field": [
            ("person", lambda c: c.put(f"{V1}/me/fields/permis_conduire", json={"value": ["b"]})),
            ("person", lambda c: c.put(f"{V1}/me/fields/permis_conduire", json={"answer": "does_not_know"})),
        ],
        "give_grant": [("person", lambda c: c.post(f"{V1}/me/grants", json=give))],
        "read_shared_fields": [("system", read), ("professional", read)],
        "received_grants": [(who, get("/grants")) for who in ("system", "professional")],
        "accesses": [("dpo", get("/dpo/accesses"))],
        "log_health": [("dpo", get("/dpo/log"))],
        "indicators": [("dpo", get("/indicators"))],
        "token": [("anyone", lambda c: c.post("/oauth/token", data=scene.alpha.form()))],
        "revoke": [("anyone", lambda c: c.post("/oauth/revoke", data=scene.alpha.form(token="x")))],
        "checkpoint": [("anyone", lambda c: c.get("/log/checkpoint"))],
        "vkey": [("anyone", lambda c: c.get("/log/vkey"))],
        "health": [("anyone", lambda c: c.get("/sante"))],
        "grant_notices": [("person", get(f"/me/grants/{scene.grant_id}/notices"))],
        "choose_grant_notices": [
            ("person", lambda c: c.put(f"{V1}/me/grants/{scene.grant_id}/notices", json={"mode": "each"}))
        ],
        "notices": [("person", get("/me/notices"))],
        "confirm_address": [("person", confirming(scene))],
        "change_notices": [("person", lambda c: c.put(f"{V1}/me/notices", json={"address": None}))],
        "my_receipts": [
            ("person", get("/me/receipts")),
            ("person", get(f"/me/receipts?grant_id={scene.grant_id}")),
        ],
        "my_receipt": [("person", get(f"/me/receipts/{receipt_id}"))],
        "my_receipt_kantara": [("person", get(f"/me/receipts/{receipt_id}/kantara"))],
        "receipt_keys": [("anyone", lambda c: c.get("/.well-known/carnet-receipts"))],
        "see_before_giving": [("person", lambda c: c.post(f"{V1}/me/grants/view", json=give))],
        "see_grant": [("person", get(f"/me/grants/{scene.grant_id}/view"))],
        "print_slip": [("person", lambda c: c.post(f"{V1}/me/grants/{scene.grant_id}/slip"))],
        **about_referent(scene),
        **about_requests(scene),
        **about_overseeing(scene),
        **about_entries(scene),
        **about_observations(scene),
        **about_volets(scene),
        **about_mandates(scene.site, scene.clients),
        **about_forgetting(scene),
        **about_proposals(scene),
        "suspend_grant": [("person", lambda c: c.post(f"{V1}/me/grants/{scene.grant_id}/suspend"))],
        "resume_grant": [("person", lambda c: c.post(f"{V1}/me/grants/{scene.grant_id}/resume"))],
        "withdraw_grant": [("person", lambda c: c.post(f"{V1}/me/grants/{scene.grant_id}/withdraw"))],
    }


def about_proposals(scene: Scene) -> dict[str, list[tuple[str, Call]]]:
    """A structure that may propose proposes twice, and once more for each call."""
    world, to = scene.site.world, scene.clients["system"]
    wish = Wish(
        Grantee.structure(scene.alpha.structure_id),
        PurposeId("suivi_emploi"),
        (CompartmentId("garde_enfants_contraintes"), CompartmentId("disponibilite_le")),
        31,
        (Right.PROPOSE, Right.READ),
    )
    give_grant(world.parts, scene.ana.owner, wish, actor=scene.ana.actor)
    base, asked = f"{V1}/carnets/{scene.ana.carnet_id}", "purpose=suivi_emploi"
    day = f"{base}/fields/disponibilite_le/entries?{asked}"
    ids = [
        to.post(f"{base}/fields/{name}/entries?{asked}", json={"answer": "does_not_know"}).json()["entry_id"]
        for name in ("garde_enfants_contraintes", "disponibilite_le")
    ]
    several = {"proposals": [{"proposal_id": ids[0], "version": 1}]}
    one = {"choice": "set_aside", "version": 2}
    return {
        "propose_entry": [("system", lambda c: c.post(day, json={"answer": "not_applicable"}))],
        "own_proposals": [("system", lambda c: c.get(f"{base}/proposals?{asked}"))],
        "my_proposals": [("person", get("/me/proposals"))],
        "agree_to_proposals": [("person", lambda c: c.post(f"{V1}/me/proposals/agree", json=several))],
        "answer_proposal": [("person", lambda c: c.post(f"{V1}/me/proposals/{ids[1]}/answer", json=one))],
    }


def about_entries(scene: Scene) -> dict[str, list[tuple[str, Call]]]:
    """One of a field that holds several, and one of another."""
    world, ana = scene.site.world, scene.ana
    parts, value = world.parts, {"intitule": "Cuisiner"}
    project = write_entry(parts, ana.owner, Answer(FieldId("projets"), value), actor=ana.actor)
    own = read_own_carnet(parts, ana.owner, actor=ana.actor).by_field()[FieldId("vehicule_disponible")]
    here = f"{V1}/me/entries/{project.entry_id}"
    disagrees = {"agreement": "disagreed"}
    return {
        "add_entry": [("person", lambda c: c.post(f"{V1}/me/fields/projets/entries", json={"value": value}))],
        "my_entry": [("person", get(f"/me/entries/{project.entry_id}"))],
        "correct_entry": [("person", lambda c: c.put(here, json={"value": {"intitule": "Servir"}}))],
        "agree_to_entry": [
            ("person", lambda c: c.post(f"{V1}/me/entries/{own.entry_id}/agreement", json=disagrees))
        ],
    }


def about_observations(scene: Scene) -> dict[str, list[tuple[str, Call]]]:
    """What stands beside an entry that the structure reads."""
    parts, ana = scene.site.world.parts, scene.ana
    entry = read_own_carnet(parts, ana.owner, actor=ana.actor).by_field()[FieldId("vehicule_disponible")]

    def said() -> str:
        made = observe(parts, ana.owner, entry.entry_id, "Ce n’est plus vrai.", actor=ana.actor)
        return made.observation_id

    def answered() -> str:
        which, who = (
            said(),
            scene.site.world.member(scene.alpha.structure_id, "solange", kind=StructureKind.SIAE),
        )
        assert isinstance(reply(parts, who.reader, ana.carnet_id, EntryId(which), "Vu."), Replied)
        return which

    hers, his = f"{V1}/me/observations", f"{V1}/carnets/{ana.carnet_id}/observations"
    first, second, third = said(), answered(), said()
    words = {"text": "Ce n’est pas juste."}
    return {
        "observe_entry": [
            ("person", lambda c: c.post(f"{V1}/me/entries/{entry.entry_id}/observations", json=words))
        ],
        "reply_to_observation": [("professional", lambda c: c.post(f"{his}/{first}/replies", json=words))],
        "maintain_observation": [("person", lambda c: c.post(f"{hers}/{second}/maintain", json={}))],
        "retract_observation": [("person", lambda c: c.post(f"{hers}/{third}/retract"))],
    }


def about_volets(scene: Scene) -> dict[str, list[tuple[str, Call]]]:
    """Another person's: whoever follows her reads a commitment of hers and validates."""
    world = scene.site.world
    bea, ccas = world.newcomer(), world.structure("CCAS", StructureKind.CCAS)
    told = {"partie": "personne", "texte": "Venir au rendez-vous", "etat": "en_cours"}
    write_entry(world.parts, bea.owner, Answer(FieldId("engagements"), told), actor=bea.actor)
    marc = world.member(ccas, "marceline", kind=StructureKind.CCAS)
    carnet = world.parts.data.carnet(bea.carnet_id)
    assert carnet is not None
    designate(world.parts, carnet.reference, marc.professional_id, actor=OPERATOR)
    world.share(bea, Grantee.professional(marc.professional_id), ["engagements"], purpose="accompagnement")
    state = look_at_own_volets(world.parts, bea.owner, actor=bea.actor).states[0]
    scene.clients["bea"] = scene.site.signed_in(bea.session)
    scene.clients["marceline"] = scene.site.signed_in(marc.session)
    seen, here = {"version_hash": state.version_hash}, f"{V1}/carnets/{bea.carnet_id}/volets"
    volet = state.volet.id
    return {
        "my_volets": [("bea", get("/me/volets"))],
        "understand_volet": [("bea", lambda c: c.post(f"{V1}/me/volets/{volet}/understood", json=seen))],
        "read_volets": [("marceline", lambda c: c.get(here))],
        "validate_volet": [("marceline", lambda c: c.post(here, json={"volet": volet, **seen}))],
    }


class Forgetting:
    """Another person's, whom a référent follows and reads; and one whom nobody follows."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.world, self.parts = scene, scene.site.world, scene.site.world.parts
        self.ccas = self.world.structure("CCAS des oublis", StructureKind.CCAS)
        self.eve, self.ida = self.world.newcomer(), self.world.newcomer()
        self.rose = self.world.member(self.ccas, "rosemonde", kind=StructureKind.CCAS)
        self.chief = self.world.member(self.ccas, "cheffe-du-ccas", Role.MANAGER, kind=StructureKind.CCAS)
        carnet = self.parts.data.carnet(self.eve.carnet_id)
        assert carnet is not None
        designate(self.parts, carnet.reference, self.rose.professional_id, actor=OPERATOR)
        scene.clients["eve"] = scene.site.signed_in(self.eve.session)
        scene.clients["rosemonde"] = scene.site.signed_in(self.rose.session)
        scene.clients["chief"] = scene.site.signed_in(self.chief.session)

    def read(self, who: Someone, name: str, *values: Any) -> EntryId:
        """An entry of hers that Rose has read."""
        for value in values:
            entry_id = self.world.write(who, name, value).entry_id
        rose = Grantee.professional(self.rose.professional_id)
        self.world.share(who, rose, [name], purpose="accompagnement")
        self.world.values(self.rose, who.carnet_id, fields=[name], purpose="accompagnement")
        return entry_id

    def asked(self, who: Someone, name: str, *values: Any) -> DemandId:
        entry_id = self.read(who, name, *values)
        return ask_to_forget(self.parts, who.owner, entry_id, "", actor=who.actor).demand_id

    def answers(self, demand_id: DemandId, move: DemandMove, words: str = "") -> DemandId:
        forget_desk.answer_demand(self.parts, demand_id, move, words, actor=self.rose.reader.actor)
        return demand_id


def about_forgetting(scene: Scene) -> dict[str, list[tuple[str, Call]]]:
    it, eve = Forgetting(scene), "eve"
    done = it.answers(it.asked(it.eve, "vehicule_disponible", "velo"), DemandMove.ACCEPT)
    for _ in range(2):
        it.world.app.jobs().run_once()
    notice = notices_to(it.parts, it.ccas)[0].row.notice_id
    part = it.asked(it.eve, "permis_conduire", ["b"], ["b", "c"])
    it.answers(part, DemandMove.ACCEPT_PART, "La dernière sert.")
    here, alone = it.asked(it.eve, "enfants_nombre", 2), it.asked(it.ida, "enfants_nombre", 3)
    brought = it.answers(it.asked(it.eve, "logement_fixe", True), DemandMove.REFUSE, "Non.")
    forget_desk.escalate(it.parts, it.eve.owner, brought, "", actor=it.eve.actor)
    entry_id = it.read(it.eve, "temps_travail_souhaite", 24)
    mine, theirs, dpos = f"{V1}/me/forget-requests", f"{V1}/forget-requests", f"{V1}/dpo/forget-requests"
    no = {"answer": "refuse", "reason": "Une aide en cours s’appuie dessus."}
    more, why = {"reason": "Il faut interroger la CAF."}, {"reason": "C’est faux."}
    ask = f"{V1}/me/entries/{entry_id}/forget-requests"
    return {
        "ask_to_forget": [(eve, lambda c: c.post(ask, json=why))],
        "my_forget_requests": [(eve, get("/me/forget-requests"))],
        "forget_certificate": [(eve, get(f"/me/forget-requests/{done}/certificate"))],
        "keep_last_version": [(eve, lambda c: c.post(f"{mine}/{part}/keep-last"))],
        "forget_requests": [("rosemonde", get("/forget-requests"))],
        "forget_request": [("rosemonde", get(f"/forget-requests/{here}"))],
        "extend_forget_request": [("rosemonde", lambda c: c.post(f"{theirs}/{here}/extend", json=more))],
        "answer_forget_request": [("rosemonde", lambda c: c.post(f"{theirs}/{here}/answer", json=no))],
        "escalate_forget_request": [(eve, lambda c: c.post(f"{mine}/{here}/escalate", json={}))],
        "dpo_forget_requests": [("dpo", get("/dpo/forget-requests"))],
        "dpo_forget_request": [("dpo", get(f"/dpo/forget-requests/{brought}"))],
        "dpo_extend_forget_request": [("dpo", lambda c: c.post(f"{dpos}/{alone}/extend", json=more))],
        "dpo_answer_forget_request": [("dpo", lambda c: c.post(f"{dpos}/{brought}/answer", json=no))],
        "recipient_notices": [(who, get("/recipient-notices")) for who in ("rosemonde", "chief")],
        "acknowledge_notice": [("chief", lambda c: c.post(f"{V1}/recipient-notices/{notice}/acknowledge"))],
    }


def about_overseeing(scene: Scene) -> dict[str, list[tuple[str, Call]]]:
    """Two other shares of hers, with which the officer does all he may."""
    world = scene.site.world
    carnet = world.parts.data.carnet(scene.ana.carnet_id)
    assert carnet is not None
    first, second = (
        world.share(scene.ana, world.system(name).structure_id).id for name in ("SIAE Gamma", "SIAE Delta")
    )
    number = {"carnet": carnet.reference}
    why = {**number, "why": "check", "words": "Nous vérifions."}
    until = (world.parts.now() + timedelta(days=9)).date().isoformat()
    day = {**number, "until": until, "words": "Un peu de calme."}

    def post(path: str, body: dict[str, str]) -> list[tuple[str, Call]]:
        return [("dpo", lambda c: c.post(f"{V1}/dpo/{path}", json=body))]

    return {
        "oversee_suspend": post(f"grants/{first}/suspend", why),
        "oversee_resume": post(f"grants/{first}/resume", number),
        "oversee_revoke": post(f"grants/{first}/revoke", why),
        "oversee_invalidate": post(f"grants/{second}/invalidate", why),
        "pause_requests": post("pauses", day),
    }


def about_referent(scene: Scene) -> dict[str, list[tuple[str, Call]]]:
    """Somebody follows her, and two others are proposed."""
    parts, world = scene.site.world.parts, scene.site.world
    followed = world.member(scene.alpha.structure_id, "marc", kind=StructureKind.SIAE)
    carnet = parts.data.carnet(scene.ana.carnet_id)
    assert carnet is not None
    designate(parts, carnet.reference, followed.professional_id, actor=OPERATOR)
    for name in ("jean", "rose"):
        structure_id = world.structure(f"CCAS {name}", StructureKind.CCAS)
        proposed = world.member(structure_id, name, kind=StructureKind.CCAS)
        manager = world.member(structure_id, f"chef-{name}", Role.MANAGER, kind=StructureKind.CCAS)
        designate(parts, carnet.reference, proposed.professional_id, actor=manager.reader.actor)
    rows = parts.data.referents_of(scene.ana.carnet_id)
    first, second = (row.assignment_id for row in rows if row.state == "proposed")
    (standing,) = (row.assignment_id for row in rows if row.state == "active")
    path = f"{V1}/me/referent"
    return {
        "my_referent": [("person", get("/me/referent"))],
        "say_referent_wish": [("person", lambda c: c.put(f"{path}/wish", json={"text": "une femme"}))],
        "confirm_referent": [
            ("person", lambda c: c.post(f"{path}/confirm", json={"assignment_id": standing}))
        ],
        "refuse_referent": [("person", lambda c: c.post(f"{path}/proposals/{first}/refuse"))],
        "accept_referent": [("person", lambda c: c.post(f"{path}/proposals/{second}/accept"))],
    }


def about_requests(scene: Scene) -> dict[str, list[tuple[str, Call]]]:
    """Three structures ask; one is said yes to, one no, one later."""
    demand = {
        "carnet_id": scene.ana.carnet_id,
        "purpose_id": "proposer_poste",
        "fields": ["permis_conduire"],
        "days": 31,
        "reason": "Pour vous proposer un poste.",
    }
    asked = []
    for name in ("Un", "Deux", "Trois"):
        machine = scene.site.machine(f"SIAE {name}")
        answer = scene.site.system(machine).post(f"{V1}/grant-requests", json=demand)
        asked.append(answer.json()["request_id"])
    first, second, third = (f"{V1}/me/requests/{one}" for one in asked)
    return {
        "ask_to_share": [
            (who, lambda c: c.post(f"{V1}/grant-requests", json=demand)) for who in ("system", "professional")
        ],
        "my_requests": [("person", get("/me/requests"))],
        "accept_request": [("person", lambda c: c.post(f"{first}/accept", json={"days": 3}))],
        "refuse_request": [("person", lambda c: c.post(f"{second}/refuse"))],
        "defer_request": [("person", lambda c: c.post(f"{third}/defer"))],
    }


def confirming(scene: Scene) -> Call:
    """With the link of an address that waits for it."""
    parts = scene.site.world.parts
    ask_address(parts, scene.ana.owner, "ana@autre.example", actor=scene.ana.actor)
    (link,) = [
        mail.notice.secret
        for row in list_mails(parts)
        if (mail := open_mail(parts, row)) and mail.notice and mail.notice.secret
    ]
    return lambda client: client.post(f"{V1}/me/notices/confirm", json={"link": link})


def get(path: str) -> Call:
    return lambda client: client.get(V1 + path)


def described(site: Site) -> Any:
    return site.client().get(f"{V1}/openapi.json").json()


def operations(site: Site) -> dict[str, dict[str, Any]]:
    paths = described(site)["paths"]
    return {told["operationId"]: told for methods in paths.values() for told in methods.values()}


def faults(answer: Any, document: Any, operation: Any) -> list[str]:
    """Where an answer is not what its operation describes."""
    response = operation["responses"][str(answer.status_code)]
    if "content" not in response:
        return ["content"] if answer.content else []
    ((media_type, content),) = response["content"].items()
    if answer.headers["content-type"].partition(";")[0] != media_type:
        return ["content-type"]
    if media_type != "application/json":
        return []
    schema = {**content["schema"], "components": document["components"]}
    return [error.json_path for error in Draft202012Validator(schema).iter_errors(answer.json())]


def can_print(scene: Scene) -> bool:
    document = export_own_carnet(
        scene.site.world.parts, scene.ana.owner, issuer=scene.site.world.app.issuer, actor=scene.ana.actor
    )
    try:
        to_pdf(document)
    except PaperUnavailableError:
        return False
    return True


def test_every_operation_leaves_exactly_the_entries_it_declares_before_its_first_byte(scene: Scene) -> None:
    site, printing = scene.site, can_print(scene)
    site.world.app.jobs().run_once()  # a checkpoint to show
    declared = operations(site)
    tried = samples(scene)
    assert {*tried, *EMERGENCIES} == set(declared), (
        "each operation has its sample, and each sample its operation"
    )
    try_each(site, tried, scene.clients, printing=printing)


def test_so_does_every_operation_of_an_emergency(tmp_path: Path) -> None:
    """Under a frame that has one."""
    urls = (f"sqlite:///{tmp_path}/carnet.sqlite", f"sqlite:///{tmp_path}/keys.sqlite")
    world = World.open(*urls, tmp_path, CARNET_FRAME=a_frame(tmp_path))
    with site_over(world) as site:
        clients: dict[str, TestClient] = {}
        tried = about_emergencies(site, clients)
        assert set(tried) == EMERGENCIES
        try_each(site, tried, clients)
    world.close()


def try_each(
    site: Site,
    tried: dict[str, list[tuple[str, Call]]],
    clients: dict[str, TestClient],
    *,
    printing: bool = True,
) -> None:
    document, declared = described(site), operations(site)
    for name, calls in tried.items():
        expected = declared[name]["x-log-entries"]
        for who, call in calls:
            before, at_first_byte = site.log_size(), []
            answer = call(watched(site, clients[who], at_first_byte))
            if name == "my_carnet_pdf" and not printing:
                assert answer.status_code == 503
            else:
                assert answer.status_code in (200, 201, 202), (name, who, answer.text)
                assert faults(answer, document, declared[name]) == [], (name, who)
            assert at_first_byte[0] - before == expected, (name, who)
            after = [leaf.op for leaf in site.last_entries(site.log_size() - before)]
            assert [op for op in after if op is not Op.KEY_CHANGE] == after[:expected], (name, who)


def watched(site: Site, client: TestClient, sizes: list[int]) -> TestClient:
    """The same caller, with the size of the log noted as its answer starts to leave."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start":
                sizes.append(site.log_size())
            await send(message)

        await site.app(scope, receive, noting)

    same = TestClient(app, base_url=BASE, headers=client.headers)
    same.cookies = client.cookies
    return same


def test_what_holds_a_value_a_name_or_an_opened_entry_declares_one_entry(lone_site: Site) -> None:
    entries = {name: told["x-log-entries"] for name, told in operations(lone_site).items()}
    assert {name for name, count in entries.items() if count} == {
        "my_carnet",
        "my_carnet_pdf",
        "take_everything",
        "my_path",
        "close_carnet",
        "my_accesses",
        "write_field",
        "add_entry",
        "my_entry",
        "correct_entry",
        "agree_to_entry",
        "give_grant",
        "ask_to_share",
        "my_requests",
        "accept_request",
        "refuse_request",
        "defer_request",
        "suspend_grant",
        "resume_grant",
        "see_before_giving",
        "see_grant",
        "print_slip",
        "notices",
        "choose_grant_notices",
        "change_notices",
        "confirm_address",
        "withdraw_grant",
        "read_shared_fields",
        "my_receipts",
        "my_receipt",
        "my_receipt_kantara",
        "my_referent",
        "say_referent_wish",
        "accept_referent",
        "refuse_referent",
        "accesses",
        "oversee_suspend",
        "oversee_resume",
        "oversee_revoke",
        "oversee_invalidate",
        "pause_requests",
        "propose_entry",
        "own_proposals",
        "my_proposals",
        "agree_to_proposals",
        "answer_proposal",
        "observe_entry",
        "reply_to_observation",
        "maintain_observation",
        "retract_observation",
        "my_volets",
        "understand_volet",
        "read_volets",
        "validate_volet",
        "find_helper",
        "give_mandate",
        "my_mandates",
        "begin_acting",
        "end_mandate",
        "record_ruling",
        "end_ruling",
        *EMERGENCIES - {"waiting_emergencies", "emergency_choice", "emergencies"},
        "ask_to_forget",
        "my_forget_requests",
        "forget_certificate",
        "keep_last_version",
        "forget_request",
        "extend_forget_request",
        "answer_forget_request",
        "escalate_forget_request",
        "dpo_forget_request",
        "dpo_extend_forget_request",
        "dpo_answer_forget_request",
        "recipient_notices",
        "acknowledge_notice",
    }
    # Two: a look of hers, then what she says of it. Four: what is kept, what is forgotten, who is told.
    assert set(entries.values()) <= {0, 1, 2, 4}


def test_a_call_that_is_refused_before_anything_is_looked_at_leaves_no_entry(scene: Scene) -> None:
    before = scene.site.log_size()
    anyone, person = scene.clients["anyone"], scene.clients["person"]
    url = fields_url(scene.ana.carnet_id)
    assert anyone.get(f"{V1}/me/carnet").status_code == 401
    assert person.get(url).status_code == 403
    assert scene.clients["dpo"].get(f"{V1}/me/carnet").status_code == 403
    assert person.put(f"{V1}/me/fields/permis_conduire", json={"value": "nope"}).status_code == 422
    assert person.head(f"{V1}/me/carnet").status_code == 405
    assert person.get(f"{V1}/me/carnet", headers={"Sec-Purpose": "prefetch"}).status_code == 503
    assert scene.clients["system"].get(url, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 503
    assert scene.clients["system"].head(url).status_code == 405
    assert scene.site.log_size() == before


def test_replacing_a_grant_says_what_ended_and_what_began(scene: Scene) -> None:
    before = scene.site.log_size()
    again = scene.site.world.share(scene.ana, scene.alpha.structure_id)
    assert scene.site.log_size() == before + 2
    assert [leaf.op for leaf in scene.site.last_entries(2)] == [Op.REPLACE, Op.GRANT]
    listed = scene.clients["person"].get(f"{V1}/me/grants").json()["items"]
    assert {one["grant_id"]: one["state"] for one in listed} == {
        again.id: "granted",
        scene.grant_id: "replaced",
    }


def test_withdrawing_twice_is_no_error_and_leaves_one_entry(scene: Scene) -> None:
    me = scene.clients["person"]
    first = me.post(f"{V1}/me/grants/{scene.grant_id}/withdraw")
    before = scene.site.log_size()
    second = me.post(f"{V1}/me/grants/{scene.grant_id}/withdraw", json={})
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert scene.site.log_size() == before
