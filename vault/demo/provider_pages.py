"""The few pages of the bundled provider: choose who you are, or refuse. Plain French, no script, one style
sheet.

They look like nobody's real sign-in page on purpose, and say so.
"""

from collections.abc import Iterable

from jinja2 import DictLoader, Environment
from starlette.responses import HTMLResponse

from vault.demo.provider_claims import Identity

STYLE = """\
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fbfaf7; --line: #767676; --accent: #0b4f55; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f3f1ec; --paper: #17191a; --line: #9a9a9a; --accent: #8fd6dc; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.125rem/1.6 system-ui, sans-serif; }
main { max-width: 40rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.6rem; line-height: 1.25; }
h2 { font-size: 1.25rem; line-height: 1.25; margin: 2rem 0 0; }
ul { list-style: none; margin: 1rem 0; padding: 0; }
li { margin: 0 0 .75rem; }
button { display: block; width: 100%; min-height: 3rem; padding: .6rem 1rem; text-align: left; font: inherit;
  color: var(--ink); background: transparent; border: 2px solid var(--line); border-radius: 8px; cursor:
  pointer; overflow-wrap: anywhere; }
button.back { width: auto; }
button strong { display: block; color: var(--accent); }
button:hover { border-color: var(--accent); }
a { color: var(--accent); display: inline-block; padding: .6rem 0; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.notice { border-left: 4px solid var(--accent); padding-left: 1rem; }
.code { color: inherit; font-size: 1rem; }
"""

_LAYOUT = """\
<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ heading }} – {{ title }}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main>
<p class="notice">{{ title }}. Cette page imite le vrai service. Les personnes sont inventées.</p>
<h1>{{ heading }}</h1>
{% block content %}{% endblock %}
</main>
</body>
</html>
"""

_CHOOSE = """\
{% extends "layout" %}
{% block content %}
<p>Choisissez la personne que vous voulez être. Aucun mot de passe n’est demandé.</p>
{% if renewed %}
<p class="notice">La personne que vous choisissez aura un nouvel identifiant.
Son nom et sa naissance restent les mêmes. <a href="{{ action }}">Garder l’identifiant habituel</a></p>
{% endif %}
<form method="post" action="{{ action }}">
{% if renewed %}<input type="hidden" name="renewed" value="1">{% endif %}
<button class="back" name="refuse" value="1">Revenir sans me connecter</button>
<ul>
{% for identity in identities %}
<li><button name="identity" value="{{ identity.key }}"><strong>{{ identity.display_name }}</strong>
{{ identity.note }}</button></li>
{% endfor %}
</ul>
</form>
{% if not renewed %}
<h2>Pour essayer</h2>
<p>L’identifiant d’une personne peut changer, par exemple après une correction à l’état civil.
<a href="{{ action }}?renewed=1">Choisir une personne avec un nouvel identifiant</a></p>
{% endif %}
{% endblock %}
"""

_CONTINUE = """\
{% extends "layout" %}
{% block content %}
<p>Vous êtes déjà connecté. Votre identité sera transmise au service qui la demande.</p>
<form method="post" action="{{ action }}">
<ul>
<li><button name="continue" value="1"><strong>Continuer</strong> en tant que {{ identity.display_name
}}</button></li> <li><button name="other" value="1">Choisir une autre personne</button></li> <li><button
name="refuse" value="1">Revenir sans me connecter</button></li> </ul> </form> {% endblock %}
"""

_MESSAGE = """\
{% extends "layout" %}
{% block content %}
<p>{{ sentence }}</p>
{% if code %}<p class="code">Code : {{ code }}</p>{% endif %}
{% endblock %}
"""

_PAGES = Environment(
    loader=DictLoader({"layout": _LAYOUT, "choose": _CHOOSE, "continue": _CONTINUE, "message": _MESSAGE}),
    autoescape=True,
    trim_blocks=True,
)


def choose_page(
    title: str, action: str, identities: Iterable[Identity], *, renewed: bool = False
) -> HTMLResponse:
    """One button per person, and one to refuse. ``renewed``: as somebody with another subject than usual."""
    heading = "Qui êtes-vous, avec un nouvel identifiant ?" if renewed else "Qui êtes-vous ?"
    return _page(
        "choose", title=title, heading=heading, action=action, identities=identities, renewed=renewed
    )


def continue_page(title: str, action: str, identity: Identity) -> HTMLResponse:
    """Shown when a single sign-on session is open."""
    return _page("continue", title=title, heading="Continuer ?", action=action, identity=identity)


def message_page(
    title: str, heading: str, sentence: str, *, code: str = "", status: int = 200
) -> HTMLResponse:
    """A page with nothing to do on it."""
    return _page("message", status=status, title=title, heading=heading, sentence=sentence, code=code)


def _page(name: str, *, status: int = 200, **members: object) -> HTMLResponse:
    return HTMLResponse(_PAGES.get_template(name).render(**members), status_code=status)
