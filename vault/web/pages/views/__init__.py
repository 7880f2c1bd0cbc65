"""What each page shows: plain frozen data, made by the routes, read by the templates.

Rules
- A page view names its template in `template`; `rendering.render(view, common)` does the rest.
- Views hold what is shown, already chosen and permitted; they know no service, no key and no request.
- Texts are French and final, except instants, days and enum members, which the templates put into words.
- `href` and `action` are addresses of ours (a path that begins with one "/"), made by the route.
"""

from vault.web.pages.views.account import *  # noqa: F403 - this package is one vocabulary in several files
from vault.web.pages.views.carnet import *  # noqa: F403
from vault.web.pages.views.downloads import *  # noqa: F403
from vault.web.pages.views.emergency import *  # noqa: F403
from vault.web.pages.views.forgetting import *  # noqa: F403
from vault.web.pages.views.forms import *  # noqa: F403
from vault.web.pages.views.identity import *  # noqa: F403
from vault.web.pages.views.indicators import *  # noqa: F403
from vault.web.pages.views.mandates import *  # noqa: F403
from vault.web.pages.views.notices import *  # noqa: F403
from vault.web.pages.views.observations import *  # noqa: F403
from vault.web.pages.views.office import *  # noqa: F403
from vault.web.pages.views.overseen import *  # noqa: F403
from vault.web.pages.views.path_file import *  # noqa: F403
from vault.web.pages.views.person import *  # noqa: F403
from vault.web.pages.views.pieces import *  # noqa: F403
from vault.web.pages.views.proposals import *  # noqa: F403
from vault.web.pages.views.public import *  # noqa: F403
from vault.web.pages.views.receipts import *  # noqa: F403
from vault.web.pages.views.referents import *  # noqa: F403
from vault.web.pages.views.requests import *  # noqa: F403
from vault.web.pages.views.share import *  # noqa: F403
from vault.web.pages.views.slips import *  # noqa: F403
from vault.web.pages.views.team import *  # noqa: F403
from vault.web.pages.views.volets import *  # noqa: F403
