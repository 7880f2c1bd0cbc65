"""Read, as a structure's own software, what people share with that structure.

    .venv/bin/python examples/read_as_system.py .demo/atelier-des-rives.json

The file holds {"url", "client_id", "private_jwk"}. The software proves who it is by signing an assertion
with its private key (RFC 7523), gets a token for ten minutes, asks which grants live, then reads each. Every
reading is written in the log before the answer leaves, and its person sees it under « Qui a vu ».
"""

import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

from joserfc import jwt
from joserfc.jwk import ECKey

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def assertion(system: dict[str, Any]) -> str:
    """Who we are, signed: good once, for a minute, at this address only."""
    now = int(time.time())
    claims = {
        "iss": system["client_id"],
        "sub": system["client_id"],
        "aud": f"{system['url']}/oauth/token",
        "jti": str(uuid.uuid4()),
        "iat": now,
        "exp": now + 60,
    }
    return jwt.encode({"alg": "ES256"}, claims, ECKey.import_key(system["private_jwk"]))


def token(system: dict[str, Any]) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion(system),
    }
    request = Request(f"{system['url']}/oauth/token", data=urlencode(form).encode())  # noqa: S310 - our own URL
    with urlopen(request) as answer:  # noqa: S310
        return str(json.load(answer)["access_token"])


def ask(system: dict[str, Any], bearer: str, path: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {bearer}"}
    request = Request(f"{system['url']}/api/v1{path}", headers=headers)  # noqa: S310
    with urlopen(request) as answer:  # noqa: S310
        document: dict[str, Any] = json.load(answer)
        return document


def main() -> None:
    system = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    bearer = token(system)
    for grant in ask(system, bearer, "/grants")["items"]:
        query = urlencode({"purpose": grant["purpose_id"], "fields": ",".join(grant["fields"])})
        read = ask(system, bearer, f"/carnets/{quote(grant['carnet_id'])}/fields?{query}")
        sys.stdout.write(f"{grant['purpose_id']}, until {grant['ends_at']} (access {read['access_id']})\n")
        for field_id, entries in read["fields"].items():
            for entry in entries:
                sys.stdout.write(f"  {field_id}: {json.dumps(entry['value'], ensure_ascii=False)}\n")


if __name__ == "__main__":
    main()
