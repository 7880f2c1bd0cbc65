"""Each attack of the list and what stops it, so that it can be taken away.

Where two checks stop the same attack, both are taken away together: that is said by two changes.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.mutations.finding import Mutant

LOGIN = "vault/web/login/"
RP, TOKENS, USERINFO = LOGIN + "relying_party.py", LOGIN + "token_checks.py", LOGIN + "userinfo_checks.py"
SIGN_IN, SESSIONS, METADATA = (
    "vault/web/pages/sign_in.py",
    "vault/services/sessions.py",
    LOGIN + "provider_metadata.py",
)
HTTP, CALLBACK, CLAIMS = LOGIN + "provider_http.py", LOGIN + "callback.py", "vault/identity/claims.py"
COMING_IN, DOORS = LOGIN + "coming_in.py", LOGIN + "doors.py"

Change = tuple[str, str, str]  # a file, what stands there, what stands there instead


@dataclass(frozen=True)
class Attack:
    """``tests`` is the beginning of the names of the tests that must miss what the changes take away."""

    tests: str
    changes: tuple[Change, ...]

    def mutant(self, root: Path) -> Mutant:
        sources: dict[Path, str] = {}
        for file, old, new in self.changes:
            source = sources.get(root / file) or (root / file).read_text()
            if source.count(old) < 1:
                raise ValueError(f"{self.tests}: {file} no longer says {old!r}")
            sources[root / file] = source.replace(old, new)
        told = "; ".join(f"{Path(file).name}: {old.strip().splitlines()[0]}" for file, old, _ in self.changes)
        return Mutant(f"{self.tests}: {told}", sources)


def never(file: str, condition: str) -> Change:
    """A condition that refuses, taken away."""
    return file, f"if {condition}:", "if False:"


ALG = never(TOKENS, 'header.get("alg") != ALGORITHM')
FORM = (TOKENS, "if len(parts) != 3 or not all(parts):", "if len(parts) != 3:")
SIGNATURE = (
    TOKENS,
    "jws.deserialize_compact(token, key, algorithms=[ALGORITHM], registry=_REGISTRY)",
    "pass",
)
KEPT_PENDING = (
    SESSIONS,
    "    row = parts.keystore.take_pending(digest(state))\n",
    "    row = parts.keystore.take_pending(digest(state))\n"
    "    if row is not None:\n        parts.keystore.add_pending(row, most=PENDING_AT_MOST)\n",
)
ANY_BROWSER: tuple[Change, ...] = (
    (SESSIONS, "row is None or browser is None or row.browser_id != digest(browser)", "row is None"),
    (SESSIONS, "secret=(browser + state).encode()", "secret=state.encode()"),
    (SESSIONS, "_open(row.sealed, (browser + state).encode(), b", "_open(row.sealed, state.encode(), b"),
)
FOREVER_PENDING: tuple[Change, ...] = (
    never(SESSIONS, "parts.now() - row.created_at > PENDING_LIFE"),
    never(RP, "now - pending.created_at > PENDING_LIFETIME"),
)

ATTACKS = (
    Attack("test_attack_01_a_wrong_or_missing_state", (never(RP, "pending is None"),)),
    Attack("test_attack_01_the_state_of_another_browser", ANY_BROWSER),
    Attack("test_attack_01_a_state_that_ended_badly", (KEPT_PENDING,)),
    Attack("test_attack_01_a_state_of_a_quarter", FOREVER_PENDING),
    Attack("test_attack_01_several_sign_ins", ((SESSIONS, "PENDING_AT_MOST = 5", "PENDING_AT_MOST = 50"),)),
    Attack("test_attack_02_an_answer_played_again", (KEPT_PENDING,)),
    Attack("test_attack_02_an_answer_brought_twice", (KEPT_PENDING,)),
    Attack("test_attack_03", (never(TOKENS, 'not same(claims.get("nonce"), nonce)'),)),
    Attack("test_attack_04_an_answer_that_names", (never(RP, "callback.iss != settings.issuer"),)),
    Attack("test_attack_04_one_provider", (never(RP, "pending.provider != settings.name"),)),
    Attack(
        "test_attack_05",
        ((RP, "if callback.iss != settings.issuer:", "if callback.iss not in (None, settings.issuer):"),),
    ),
    Attack("test_attack_06", (never(TOKENS, 'claims.get("iss") != expected.issuer'),)),
    Attack("test_attack_07", (never(TOKENS, 'claims.get("aud") != expected.client_id'),)),
    Attack(
        "test_attack_08_an_id_token_for_another",
        (
            (
                TOKENS,
                'if claims.get("aud") != expected.client_id:',
                'if expected.client_id not in (claims.get("aud"), claims.get("azp")):',
            ),
        ),
    ),
    Attack(
        "test_attack_08_an_id_token_for_us",
        (never(TOKENS, '"azp" in claims and claims["azp"] != expected.client_id'),),
    ),
    Attack("test_attack_09", (never(TOKENS, 'not same(claims.get("nonce"), nonce)'),)),
    Attack("test_attack_10", (FORM, ALG, SIGNATURE)),
    Attack("test_attack_11", (ALG, SIGNATURE)),
    Attack("test_attack_12 and (forged or tampered)", (SIGNATURE,)),
    Attack("test_attack_12 and header", (never(TOKENS, "FORBIDDEN_HEADERS & header.keys()"),)),
    Attack("test_attack_12 and unknown", (never(TOKENS, "key is None"),)),
    Attack(
        "test_attack_12 and no-kid",
        (
            never(TOKENS, "not isinstance(kid, str) or not 0 < len(kid) <= 255"),
            (METADATA, "return keys.get(kid)", "return keys.get(kid) or next(iter(keys.values()))"),
        ),
    ),
    Attack("test_attack_13 and expired", (never(TOKENS, "expires_at <= now - LEEWAY_SECONDS"),)),
    Attack(
        "test_attack_13 and (no-exp or text or huge)",
        (
            (
                TOKENS,
                'expires_at = _instant(claims.get("exp"), expected.reason, "exp")',
                'expires_at = float(str(claims.get("exp", now))[:15])',
            ),
        ),
    ),
    Attack("test_attack_14 and future", (never(TOKENS, "issued_at > now + LEEWAY_SECONDS"),)),
    Attack("test_attack_14 and no-iat", ((TOKENS, "if needs_iat or ", "if "),)),
    Attack("test_attack_15_a_level", (never(TOKENS, "not isinstance(acr, str) or acr not in levels"),)),
    Attack("test_attack_15_a_professional", ((RP, "Refusal.SECOND_FACTOR if short_of_level else ", ""),)),
    Attack("test_attack_16", (never(RP, 'not isinstance(answer.get("id_token"), str)'),)),
    Attack(
        "test_attack_17",
        (never(TOKENS, '"at_hash" in claims and not same(claims["at_hash"], half_hash(access_token))'),),
    ),
    Attack("test_attack_18", (never(USERINFO, 'media_type(response) != "application/jwt"'),)),
    Attack("test_attack_19 and (alg or hs256)", (FORM, ALG, SIGNATURE)),
    Attack("test_attack_19 and (forged or tampered)", (SIGNATURE,)),
    Attack(
        "test_attack_19 and (iss or aud or expired or no-exp)",
        ((USERINFO, "    check_claims(claims, expected, needs_iat=False)\n", ""),),
    ),
    Attack(
        "test_attack_20 and other",
        (never(USERINFO, "not same(check_subject(claims, expected.reason), subject)"),),
    ),
    Attack(
        "test_attack_20 and no-sub",
        (
            (
                USERINFO,
                "check_subject(claims, expected.reason), subject",
                'claims.get("sub", subject), subject',
            ),
        ),
    ),
    Attack("test_attack_21_an_id_token", (never(USERINFO, '"nonce" in claims'),)),
    Attack("test_attack_21_an_identity", (never(TOKENS, 'not same(claims.get("nonce"), nonce)'),)),
    Attack(
        "test_attack_22_an_incomplete",
        ((CLAIMS, "    if not _is_plain(value, max_length):", "    if False:"),),
    ),
    Attack(
        "test_attack_22_a_name",
        ((TOKENS, "len(token) > MAX_TOKEN_LENGTH", "False"), (CLAIMS, "len(value) > max_length", "False")),
    ),
    Attack(
        "test_attack_22_an_id_token",
        (
            never(
                TOKENS,
                "not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT_LENGTH "
                "or not subject.isascii()",
            ),
        ),
    ),
    Attack(
        "test_attack_23_markup_in_a_name",
        (("vault/web/pages/rendering.py", "autoescape=True", "autoescape=False"),),
    ),
    Attack(
        "test_attack_23_markup_in_the_provider",
        (
            (
                SIGN_IN,
                'sign-in refused: provider=%s reason=%s check=%s", '
                "name, refusal.reason.value, refusal.check)",
                '%s", request.url.query)',
            ),
        ),
    ),
    Attack(
        "test_attack_24_a_broken_answer and token",
        (
            never(RP, "response.status_code >= 500"),
            never(RP, "response.status_code != 200"),
            never(RP, 'media_type(response) != "application/json"'),
        ),
    ),
    Attack("test_attack_24_a_broken_answer and large", (never(HTTP, "total > MAX_ANSWER_BYTES"),)),
    Attack(
        "test_attack_24_a_broken_answer and gzip",
        (never(HTTP, 'response.headers.get("content-encoding", "identity") != "identity"'),),
    ),
    Attack(
        "test_attack_24_a_broken_answer and redirect",
        ((HTTP, '"follow_redirects": False', '"follow_redirects": True'),),
    ),
    Attack("test_attack_24_a_broken_answer and userinfo", (never(USERINFO, "response.status_code >= 500"),)),
    Attack(
        "test_attack_24_without_a_description",
        (
            never(METADATA, "response.status_code != 200"),
            (METADATA, 'if document.get("issuer") != issuer', "if False"),
        ),
    ),
    Attack("test_attack_24_without_the_provider", (never(METADATA, "response.status_code != 200"),)),
    Attack("test_attack_24_while_some_wait", ((DOORS, "step_seconds=step_seconds)", ")"),)),
    Attack(
        "test_attack_24_at_the_same_door", ((DOORS, "RETURNING_THREADS = 8, 32", "RETURNING_THREADS = 8, 1"),)
    ),
    Attack(
        "test_attack_25_a_key", ((METADATA, "if kid not in keys and self._may_refetch(now):", "if False:"),)
    ),
    Attack(
        "test_attack_25_unknown",
        ((METADATA, "if kid not in keys and self._may_refetch(now):", "if kid not in keys:"),),
    ),
    Attack("test_attack_26 and (other or slash)", (never(METADATA, 'document.get("issuer") != issuer'),)),
    Attack(
        "test_attack_26 and (foreign or plain or userpart)",
        (
            never(
                METADATA,
                "parts is None or (parts.scheme, parts.netloc) != (home.scheme, home.netloc) or parts.query",
            ),
        ),
    ),
    Attack(
        "test_attack_27",
        (
            (SIGN_IN, "session.row.kind, safe_return_path(wanted)", "session.row.kind, wanted"),
            (SIGN_IN, "return path if own else home_of(kind)", "return path"),
        ),
    ),
    Attack("test_attack_28_a_planted_session", ((SESSIONS, "    if replaces:\n", "    if False:\n"),)),
    Attack(
        "test_attack_28_a_planted_browser",
        ((SESSIONS, "    cookie = new_secret()\n", "    cookie = replaces or new_secret()\n"),),
    ),
    Attack("test_attack_28_the_attacker", ANY_BROWSER),
    Attack(
        "test_attack_29",
        (
            (
                "vault/services/signing_out.py",
                "    parts.keystore.end_sessions(session_id=session.session_id)\n",
                "",
            ),
        ),
    ),
    Attack("test_attack_30", ((COMING_IN, "subject=signed.subject", "subject=signed.claims.email"),)),
    Attack("test_attack_31_a_parameter and (second or access_denied)", (never(CALLBACK, "name in seen"),)),
    Attack(
        "test_attack_31_a_parameter and more4",
        (never(CALLBACK, "len(name) > 64 or len(value) > _MAX_LENGTHS.get(name, _MAX_LENGTH)"),),
    ),
    Attack(
        "test_attack_31_a_parameter and not more4 and not second and not access_denied",
        (never(CALLBACK, "not (name.isprintable() and value.isprintable())"),),
    ),
    Attack(
        "test_attack_31_a_very",
        (never(CALLBACK, "len(name) > 64 or len(value) > _MAX_LENGTHS.get(name, _MAX_LENGTH)"),),
    ),
    Attack(
        "test_attack_31_an_answer",
        (
            (
                SIGN_IN,
                "return await _refuse(request, FRANCECONNECT, _NOT_POSTED)",
                "return await _come_back(request, FRANCECONNECT)",
            ),
            (
                SIGN_IN,
                "return await _refuse(request, PROCONNECT, _NOT_POSTED)",
                "return await _come_back(request, PROCONNECT)",
            ),
        ),
    ),
)
