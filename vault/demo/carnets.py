"""What the people of the demo wrote in their carnets. Everybody here is invented, and so is the Ponant.

Each carnet is one coherent life, in the person's own words where the catalogue leaves words to her. Values
are those of the shipped catalogue; the server refuses any that is not.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from vault.demo import identities

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Filled:
    """A person and what she wrote."""

    person: identities.DemoPerson
    values: Values
    shown_as: str  # who she is in the demo, for the list of people printed at start


# 35 ans, une fille de six ans. Quatre ans d’aide à domicile ; veut devenir aide-soignante.
AMINA: Values = {
    "aide_immediate": False,
    "attentes_rencontre": (
        "Savoir si je peux commencer la formation d’aide-soignante en gardant mes droits, et qui peut "
        "garder ma fille avant huit heures."
    ),
    "attentes_accompagnement": "M’aider à monter le dossier de formation, et à ne pas rater une date.",
    "projet_precis": True,
    "projet_description": (
        "Devenir aide-soignante. J’ai aidé des personnes âgées chez elles pendant quatre ans et c’est ce "
        "que j’aime. L’institut de Port-Brannec prend les dossiers en janvier."
    ),
    "soutiens_humains": "oui",
    "soutiens_financiers": "ne_sait_pas",
    "priorites": ["formation", "garde_enfants", "emploi"],
    "activite_actuelle": "aucune",
    "parcours_recit": (
        "Après le bac j’ai été vendeuse, puis aide à domicile. J’ai arrêté quand ma fille est née. "
        "Depuis un an je cherche, mais les horaires coupés ne vont pas avec l’école."
    ),
    "parcours_jalons": [
        {
            "type": "diplome",
            "intitule": "Bac professionnel Services de proximité et vie locale",
            "debut": "2007-09",
            "fin": "2010-06",
        },
        {"type": "emploi", "intitule": "Vendeuse en boulangerie", "debut": "2011-03", "fin": "2015-12"},
        {"type": "emploi", "intitule": "Aide à domicile", "debut": "2016-02", "fin": "2020-01"},
        {"type": "immersion", "intitule": "Une semaine en maison de retraite", "debut": "2025-11"},
    ],
    "emplois_souhaites": [
        {"libelle": "Aide-soignante", "code_rome": "J1501"},
        {"libelle": "Auxiliaire de vie"},
    ],
    "secteurs_souhaites": ["J", "K"],
    "temps_travail_souhaite": 30,
    "freins_emploi_themes": ["garde_enfants", "mobilite"],
    "diplome_niveau": "niveau_4",
    "diplome_intitule": "Bac professionnel Services de proximité et vie locale",
    "formation_besoin": "oui",
    "qualites_atouts": ["patiente", "organisée", "à l’écoute"],
    "aptitudes_developpees": ["aider à la toilette avec respect", "tenir un planning de visites"],
    "activites_appreciees": "Parler avec les gens pendant les soins, voir qu’ils vont mieux en partant.",
    "francais_aisance": {"oral": "a_l_aise", "ecrit": "a_l_aise"},
    "numerique_aisance": "a_l_aise",
    "permis_conduire": ["b"],
    "vehicule_disponible": "aucun",
    "modes_deplacement": ["transport_commun", "a_pied"],
    "transports_commun_acces": "partiel",
    "logement_fixe": True,
    "logement_statut": "locataire_social",
    "logement_difficultes": ["aucune"],
    "enfants_nombre": 1,
    "enfants_scolarises": "tous",
    "conjoint_presence": False,
    "garde_enfants_contraintes": ["horaires"],
    "garde_enfants_mode": ["periscolaire", "famille"],
    "france_travail_inscrit": True,
    "accompagnement_existant": True,
    "accompagnement_structures": [{"nom": "Département du Ponant", "kind": "departement"}],
    "demarches_aisance": "a_l_aise",
    "revenus_sources": ["rsa"],
    "aides_financieres_percues": ["aide_logement"],
}


# 58 ans. Trente ans au mareyage, l’entreprise a fermé ; veut travailler dehors, sans charges lourdes.
GERARD: Values = {
    "aide_immediate": False,
    "attentes_rencontre": "Qu’on regarde ce que je sais faire, pas mon âge.",
    "projet_precis": True,
    "projet_description": "Entretenir des jardins et des chemins, ou préparer des commandes.",
    "soutiens_humains": "oui",
    "soutiens_financiers": "non",
    "priorites": ["emploi", "mobilite"],
    "activite_actuelle": "benevolat",
    "parcours_recit": (
        "J’ai passé trente ans à la criée puis au mareyage. J’étais chef d’équipe. L’entreprise a fermé "
        "il y a deux ans. Depuis, je tiens le jardin partagé du quartier avec d’autres."
    ),
    "parcours_jalons": [
        {
            "type": "emploi",
            "intitule": "Manutentionnaire à la criée",
            "debut": "1989-04",
            "fin": "1998-08",
        },
        {"type": "emploi", "intitule": "Chef d’équipe au mareyage", "debut": "1998-09", "fin": "2024-06"},
        {"type": "benevolat", "intitule": "Jardin partagé des Quatre-Vents", "debut": "2024-10"},
    ],
    "emplois_souhaites": [
        {"libelle": "Agent d’entretien des espaces verts", "code_rome": "A1203"},
        {"libelle": "Préparateur de commandes", "code_rome": "N1103"},
    ],
    "secteurs_souhaites": ["A", "N"],
    "secteurs_exclus": ["M"],
    "temps_travail_souhaite": 35,
    "freins_emploi_themes": ["mobilite", "sante", "confiance"],
    "diplome_niveau": "niveau_3",
    "diplome_intitule": "CAP Mécanicien en matériels agricoles",
    "formation_besoin": "a_definir",
    "qualites_atouts": ["ponctuel", "sait transmettre", "calme"],
    "aptitudes_developpees": ["organiser une équipe de six personnes", "entretenir des machines"],
    "activites_aimees": "Être dehors, réparer, montrer à un jeune comment on fait.",
    "francais_aisance": {"oral": "a_l_aise", "ecrit": "moyen"},
    "numerique_aisance": "en_difficulte",
    "permis_conduire": ["b", "be"],
    "vehicule_disponible": "velo",
    "modes_deplacement": ["velo", "covoiturage"],
    "transports_commun_acces": "non",
    "logement_fixe": True,
    "logement_statut": "proprietaire",
    "conjoint_presence": True,
    "conjoint_activite": "en_emploi",
    "proches_a_charge": True,
    "proches_a_charge_nature": ["parent_age"],
    "france_travail_inscrit": True,
    "accompagnement_existant": False,
    "demarches_aisance": "besoin_aide_reguliere",
    "revenus_sources": ["ass"],
    "sante_retentissement": "limite_certains_metiers",
}


# 39 ans, trois enfants. Cuisinière à Conakry, sans logement à elle ; veut un CAP et un contrat.
FATOUMATA: Values = {
    "aide_immediate": True,
    "aide_immediate_nature": ["alimentaire", "hebergement"],
    "attentes_rencontre": "Un logement où les enfants peuvent rester dans la même école.",
    "attentes_accompagnement": "Écrire les courriers avec moi, et m’expliquer ce que je signe.",
    "projet_precis": True,
    "projet_description": "Passer le CAP cuisine, travailler en cantine. Un jour, avoir mon camion.",
    "soutiens_humains": "oui",
    "soutiens_financiers": "non",
    "priorites": ["logement", "emploi", "formation"],
    "activite_actuelle": "formation",
    "parcours_recit": (
        "À Conakry j’avais un petit restaurant avec ma sœur, douze couverts le midi. Ici j’ai fait des "
        "ménages le soir. Depuis septembre j’apprends à mieux écrire le français."
    ),
    "parcours_jalons": [
        {
            "type": "creation_entreprise",
            "intitule": "Restaurant à Conakry",
            "debut": "2008",
            "fin": "2015",
        },
        {"type": "emploi", "intitule": "Agente d’entretien", "debut": "2018-05", "fin": "2023-03"},
        {"type": "formation", "intitule": "Français écrit, deux matins par semaine", "debut": "2025-09"},
    ],
    "emplois_souhaites": [{"libelle": "Cuisinière", "code_rome": "G1602"}],
    "secteurs_souhaites": ["G"],
    "temps_travail_souhaite": 28,
    "freins_emploi_themes": ["logement", "garde_enfants", "langue"],
    "diplome_niveau": "aucun",
    "formation_besoin": "oui",
    "qualites_atouts": ["rapide", "propre", "aime le travail en équipe"],
    "aptitudes_developpees": ["cuisiner pour quarante personnes", "tenir une caisse"],
    "francais_aisance": {"oral": "moyen", "ecrit": "difficile"},
    "langues_pratiquees": ["ff", "sus"],
    "numerique_aisance": "besoin_aide",
    "permis_conduire": ["aucun"],
    "modes_deplacement": ["transport_commun", "a_pied"],
    "transports_commun_acces": "oui",
    "logement_fixe": False,
    "logement_statut": "heberge_tiers",
    "logement_difficultes": ["surpeuplement"],
    "enfants_nombre": 3,
    "enfants_scolarises": "tous",
    "conjoint_presence": True,
    "conjoint_activite": "recherche_emploi",
    "entourage_proche": "un_peu",
    "garde_enfants_contraintes": ["horaires", "depenses"],
    "france_travail_inscrit": True,
    "accompagnement_existant": True,
    "demarches_aisance": "besoin_aide_reguliere",
    "revenus_sources": ["rsa"],
    "aides_financieres_percues": ["prestations_familiales", "aide_alimentaire"],
}


# 41 ans. Mécanicien à Mogadiscio, attend la reconnaissance de son diplôme.
YUSUF: Values = {
    "aide_immediate": False,
    "attentes_rencontre": "Comprendre qui fait quoi, et par où commencer.",
    "emplois_souhaites": [{"libelle": "Mécanicien automobile", "code_rome": "I1604"}],
    "disponibilite_le": "2027-02-01",
    "parcours_jalons": [{"type": "emploi", "intitule": "Mécanicien", "debut": "2004", "fin": "2019"}],
    "francais_aisance": {"oral": "moyen", "ecrit": "difficile"},
    "permis_conduire": ["etranger_non_echange"],
    "modes_deplacement": ["velo"],
    "numerique_aisance": "besoin_aide",
    "logement_fixe": True,
}

# 27 ans. A travaillé l’été sur les marchés ; veut conduire un camion.
KEVIN: Values = {
    "emplois_souhaites": [{"libelle": "Conducteur de poids lourd", "code_rome": "N4101"}],
    "projet_precis": True,
    "projet_description": "Passer le permis C, puis conduire en région.",
    "permis_conduire": ["b"],
    "vehicule_disponible": "voiture",
    "temps_travail_souhaite": 35,
    "formation_besoin": "oui",
    "qualites_atouts": ["matinal", "sérieux"],
}

# 47 ans. Couturière ; cherche des heures le matin.
LINH: Values = {
    "emplois_souhaites": [{"libelle": "Couturière retoucheuse", "code_rome": "B1803"}],
    "temps_travail_souhaite": 20,
    "francais_aisance": {"oral": "difficile", "ecrit": "difficile"},
    "aptitudes_developpees": ["coudre à la machine", "reprendre un vêtement"],
    "modes_deplacement": ["a_pied", "transport_commun"],
    "numerique_aisance": "en_difficulte",
}

# 43 ans. Aide-cuisinière ; vient de trouver un emploi, son suivi continue six mois au plus.
MAEVA: Values = {
    "activite_actuelle": "salarie",
    "permis_conduire": ["b"],
    "modes_deplacement": ["voiture"],
    "temps_travail_souhaite": 28,
    "garde_enfants_contraintes": ["horaires"],
}


def carnets(today: date) -> tuple[Filled, ...]:
    """The filled carnets, then the almost empty one."""
    soon = {"disponibilite_le": date(today.year + 1, 1, 4).isoformat()}  # whenever the demo is started
    return (
        Filled(
            identities.AMINA,
            {**AMINA, **soon},
            "carnet rempli, avec une référente ; une proposition l’attend",
        ),
        Filled(
            identities.GERARD,
            {**GERARD, **soon},
            "carnet rempli ; une entreprise d’insertion le lit",
        ),
        Filled(
            identities.FATOUMATA, {**FATOUMATA, **soon}, "carnet rempli ; une aide d’urgence est en cours"
        ),
        Filled(identities.YUSUF, YUSUF, "un début de carnet ; une demande de partage l’attend"),
        Filled(identities.KEVIN, KEVIN, "cherche un poste ; une mission locale et une entreprise le lisent"),
        Filled(identities.LINH, LINH, "un début de carnet ; une association le lit"),
        Filled(
            identities.MAEVA,
            {**MAEVA, "emploi_debut": today.replace(day=1).isoformat()},
            "vient de trouver un emploi : ce partage s’arrête seul après six mois",
        ),
        Filled(
            identities.MARIE_LOU,
            {"permis_conduire": ["en_cours"]},
            "carnet presque vide : à vous de l’écrire",
        ),
    )
