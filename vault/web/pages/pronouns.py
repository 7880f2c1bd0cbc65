"""Of whom a page speaks: « vous » to the person herself, « la personne » to whoever acts for her.

One place for every page. The words of the templates pass through ``of_her`` when they are compiled for
whoever acts; sentences of ours that come with a view pass through the filter ``her``. What somebody wrote
never does: a value stays as it was written, whoever reads it. What is not in this table says « vous » of
whoever acts, who may stop a share or answer a question as she may.
"""

from collections.abc import Callable
from functools import lru_cache

# A word or a sentence that stands alone.
WHOLE = {
    "vous": "la personne",
    "vous êtes d'accord": "la personne est d'accord",
    "vous n'êtes pas d'accord": "la personne n'est pas d'accord",
    "vous n'avez pas encore dit si vous êtes d'accord": "la personne n'a pas encore dit si elle est d'accord",
    "Vous dites": "La personne dit",
    "Vous maintenez votre observation": "La personne maintient son observation",
    "Vous ne souhaitez pas répondre": "La personne ne souhaite pas répondre",
    "Vous ne savez pas": "La personne ne sait pas",
    "Cela ne vous concerne pas": "Cela ne concerne pas la personne",
    "Ce que vous partagez": "Ce que la personne partage",
    "Ce que vous partagiez": "Ce que la personne partageait",
    "vous avez dit oui": "la personne a dit oui",
    "vous avez dit non": "la personne a dit non",
    "Ne plus montrer mes propres lectures": "Ne plus montrer les lectures de la personne",
    "Montrer aussi mes propres lectures": "Montrer aussi les lectures de la personne",
}
# Parts of sentences, in this order.
PARTS = (
    ("<strong>Vous</strong> avez ouvert votre carnet", "<strong>La personne</strong> a ouvert son carnet"),
    ("</strong>, pour vous, ", "</strong>, pour la personne, "),
    ("sans votre accord", "sans l'accord de la personne"),
    ("Votre référence :", "Numéro du carnet :"),
    (
        "Elle désigne votre carnet sans donner votre nom. Vous pouvez la dire au téléphone.",
        "Il désigne ce carnet sans donner de nom. Il peut se dire au téléphone.",
    ),
    ("Personne, à part vous.", "Personne d'autre que la personne."),
    ("Personne d'autre que vous", "Personne d'autre que la personne"),
    ("Votre référent ou votre référente", "Le référent ou la référente de la personne"),
    ("La personne qui vous suit", "Qui suit la personne"),
    (
        "Si quelqu'un d'autre vous suit un jour, vous choisissez si",
        "Si quelqu'un d'autre suit la personne un jour, elle choisit si",
    ),
    ("Vous avez déjà partagé avec", "La personne a déjà partagé avec"),
    (
        "touchent à votre santé, à vos origines ou à vos proches",
        "touchent à la santé, aux origines ou aux proches de la personne",
    ),
    ("vous avez choisi de la partager", "partage choisi"),
    ("Ce que l'on vous demande", "Ce que l'on demande à la personne"),
    ("<h1>Mes partages</h1>", "<h1>Ses partages</h1>"),
    ("peut vous demander d'information", "peut demander d'information à la personne"),
    ("Quand un organisme vous demande une information", "Quand un organisme demande une information"),
    (" vous demande des informations", " demande des informations à la personne"),
    ("ne change rien à vos droits", "ne change rien aux droits de la personne"),
    ("Si vous changez une de ces réponses", "Si une de ces réponses change"),
    (
        "Vous verrez chaque lecture, et vous pourrez arrêter à tout moment.",
        "La personne verra chaque lecture, et pourra arrêter à tout moment.",
    ),
    ("que vous avez déjà avec", "qui existe déjà avec"),
    (
        "Ce que vous écrivez ici, personne d’autre ne le voit, sauf si vous le partagez.",
        "Ce que vous écrivez ici entre dans le carnet de la personne. "
        "Personne d’autre ne le voit, sauf s’il est partagé.",
    ),
    ("Vous ne partagez rien. Vos partages", "La personne ne partage rien. Ses partages"),
    ("à votre prochaine connexion", "à la prochaine connexion de la personne"),
    ("Qui a vu mon carnet ?", "Qui a vu ce carnet ?"),
    (">Mon carnet<", ">Le carnet<"),
    ("Votre carnet", "Le carnet"),
    ("votre carnet", "le carnet"),
)
# Sentences of ours that a view brings, whole or as they begin.
SENTENCES = (
    ("Vous l’aviez permis le", "La personne l’avait permis le"),
    ("Vous aviez ouvert ce partage le", "La personne avait ouvert ce partage le"),
    (
        "C’est vous qui décidez. Vous pourrez changer d’avis",
        "C’est la personne qui décide. Elle pourra changer d’avis",
    ),
    (
        "Ceci ne s’ouvre que si votre vie est en danger",
        "Ceci ne s’ouvre que si la vie de la personne est en danger",
    ),
    ("Ce que vous avez fait, et les étapes de votre", "Ce que la personne a fait, et les étapes de son"),
    (
        "s’engage à faire pour vous, et ce que vous vous engagez à faire",
        "s’engage à faire pour la personne, et ce qu’elle s’engage à faire",
    ),
    ("Votre projet, vos objectifs", "Son projet, ses objectifs"),
    ("Vous vous engagez", "La personne s’engage"),
    ("Vous pouvez noter ce qu’on vous a promis", "Vous pouvez noter ce qu’on lui a promis"),
    ("Les partages pour votre suivi", "Les partages pour le suivi de la personne"),
)


def of_her(typeset: Callable[[str], str], words: str) -> str:
    """Literal words of a template, for whoever acts for her. ``typeset``: what was applied to them."""
    whole, parts = _typeset(typeset)
    if words in whole:
        return whole[words]
    for hers, theirs in parts:
        words = words.replace(hers, theirs)
    return words


def said_of_her(sentence: str) -> str:
    """A sentence of ours that a view brings, for whoever acts for her."""
    for hers, theirs in SENTENCES:
        sentence = sentence.replace(hers, theirs)
    return sentence


@lru_cache(maxsize=1)
def _typeset(typeset: Callable[[str], str]) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    whole = {typeset(hers): typeset(theirs) for hers, theirs in WHOLE.items()}
    return whole, tuple((typeset(hers), typeset(theirs)) for hers, theirs in PARTS)
