"""The server under measure, in a process of its own: the real application, and beside it the bare read.

The bare read is the same application object, middleware and answer: an opaque token looked up in the same
table, one indexed SELECT of twenty plaintext rows, no grant, no key, no log. What separates the two is what
the promises cost.

    python -m bench.server SETTINGS.json PORT
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import uvicorn
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import bindparam, select

from bench.instance import plain
from vault.bootstrap import Application, open_application
from vault.config import load_settings
from vault.services.tokens import tokens_of
from vault.web.api.answers import answered
from vault.web.app import create_app
from vault.web.guard import NotSignedInError, anyone, bearer_of
from vault.web.state import state_of

_ROWS = select(plain.c.field_id, plain.c.body).where(plain.c.carnet_id == bindparam("carnet_id"))


def bare_router(application: Application) -> APIRouter:
    router = APIRouter(prefix="/bench")
    database = application.data.database

    @router.get("/bare/{carnet_id}/fields")
    async def bare(request: Request, carnet_id: str, _: Annotated[None, Depends(anyone)]) -> Response:
        bearer = bearer_of(request)
        if bearer is None or tokens_of(state_of(request).parts, [bearer])[0] is None:
            raise NotSignedInError("no live token")
        with database.read() as connection:
            rows = connection.execute(_ROWS, {"carnet_id": carnet_id}).all()
        fields = {field_id: [json.loads(body)] for field_id, body in rows}
        return answered({"carnet_id": carnet_id, "purpose_id": "bench", "fields": fields})

    return router


def main() -> None:
    environ = json.loads(Path(sys.argv[1]).read_text())
    application = open_application(load_settings(environ))
    app = create_app(application, pages=[bare_router(application)])
    try:
        uvicorn.run(
            app,
            host="127.0.0.1",
            port=int(sys.argv[2]),
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_level="error",
        )
    finally:
        application.close()


if __name__ == "__main__":
    main()
