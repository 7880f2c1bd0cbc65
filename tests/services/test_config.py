"""Settings: complete and typed, or refused by name; secrets never shown."""

import json
import traceback
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from vault.config import SETTING_NAMES, Kms, load_settings
from vault.errors import ConfigError
from vault.instance import Instance

FRANCECONNECT = {
    "CARNET_FRANCECONNECT_ISSUER": "https://fc.example/api/v2",
    "CARNET_FRANCECONNECT_CLIENT_ID": "carnet",
    "CARNET_FRANCECONNECT_CLIENT_SECRET": "s3cr3t-of-fc",
}
PROCONNECT = {name.replace("FRANCE", "PRO"): value for name, value in FRANCECONNECT.items()}


def refusal(**environ: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ)
    return caught.value


def test_an_empty_environment_gives_a_complete_loopback_instance() -> None:
    settings = load_settings({"PATH": "/usr/bin"})
    data = Path("var").absolute()
    assert settings.database_url == f"sqlite:///{data}/carnet.sqlite"
    assert settings.keystore_url == f"sqlite:///{data}/keys.sqlite"
    assert settings.database_admin_url is None
    assert settings.kms == Kms("file", data / "keyring")
    assert (settings.public_url, settings.log_origin) == ("http://127.0.0.1:8000", "127.0.0.1")
    assert settings.log_archive == data / "archive"
    assert settings.instance == Instance()
    assert (settings.session_person.idle, settings.session_person.absolute) == (
        timedelta(minutes=20),
        timedelta(hours=8),
    )
    assert settings.session_professional.absolute == timedelta(hours=10)
    assert settings.limits
    assert not settings.secure
    assert settings.forwarded_allow_ips == ()
    assert settings.franceconnect is None
    assert settings.proconnect is None
    assert (settings.frame, settings.catalogue, settings.smtp_url) == (None, None, None)


def test_everything_follows_the_data_folder_and_the_public_url(tmp_path: Path) -> None:
    folder = tmp_path / "données de René"
    settings = load_settings(
        {"CARNET_DATA_DIR": str(folder), "CARNET_PUBLIC_URL": "https://carnet.example.fr/"}
    )
    assert settings.database_url == f"sqlite:///{folder}/carnet.sqlite"
    assert settings.kms.path == folder / "keyring"
    assert settings.public_url == "https://carnet.example.fr"
    assert settings.log_origin == "carnet.example.fr"
    assert settings.secure


def test_a_data_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "données 100% #1 ?"
    folder.mkdir()
    engine = create_engine(load_settings({"CARNET_DATA_DIR": str(folder)}).database_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE proof (id INTEGER)")
    engine.dispose()
    assert [file.name for file in folder.iterdir()] == ["carnet.sqlite"]


def test_the_port_moves_the_address_that_nobody_has_set() -> None:
    moved = "http://127.0.0.1:9100"
    assert load_settings({}, default_public_url=moved).public_url == moved
    chosen = {"CARNET_PUBLIC_URL": "https://a.example"}
    assert load_settings(chosen, default_public_url=moved).public_url == "https://a.example"


def test_each_provider_has_the_defaults_its_service_demands() -> None:
    settings = load_settings(FRANCECONNECT | PROCONNECT)
    assert settings.franceconnect is not None
    assert settings.proconnect is not None
    assert settings.franceconnect.acr_values == ("eidas1",)
    assert settings.franceconnect.scopes == ("openid", "identite_pivot", "preferred_username", "email")
    assert not settings.franceconnect.pkce
    assert settings.proconnect.acr_values == ("eidas1-mfa", "eidas2", "eidas3")
    assert settings.proconnect.pkce
    assert settings.proconnect.origin == "https://fc.example"


@pytest.mark.parametrize("missing", sorted(FRANCECONNECT))
def test_half_a_provider_is_refused_and_the_missing_half_named(missing: str) -> None:
    assert refusal(**{k: v for k, v in FRANCECONNECT.items() if k != missing}).setting == missing


@pytest.mark.parametrize("option", ["ACR_VALUES", "SCOPES", "PKCE"])
def test_options_of_a_provider_that_is_not_there_are_refused(option: str) -> None:
    value = {"ACR_VALUES": "eidas1", "SCOPES": "openid", "PKCE": "on"}[option]
    assert refusal(**{f"CARNET_PROCONNECT_{option}": value}).setting == "CARNET_PROCONNECT_ISSUER"


@pytest.mark.parametrize("name", ["CARNET_DATABSE_URL", "CARNET_", "CARNET_LIMITS_FILE", "CARNET_DEBUG"])
def test_an_unknown_setting_is_refused_by_name(name: str) -> None:
    assert refusal(**{name: "on"}).setting == name


@pytest.mark.parametrize("name", sorted(SETTING_NAMES))
def test_an_empty_setting_is_refused_by_name(name: str) -> None:
    assert refusal(**{name: " "}).setting == name


MALFORMED = [
    ("CARNET_DATABASE_URL", "mysql://localhost/carnet"),
    ("CARNET_DATABASE_URL", "sqlite:///:memory:"),
    ("CARNET_DATABASE_URL", "sqlite://"),
    ("CARNET_DATABASE_URL", "sqlite:///a?mode=memory"),
    ("CARNET_DATABASE_URL", "sqlite:///a%00"),
    ("CARNET_DATABASE_URL", "sqlite+aiosqlite:///a"),
    ("CARNET_DATABASE_URL", "postgresql://localhost"),
    ("CARNET_DATABASE_URL", "postgresql://localhost:port/carnet"),
    ("CARNET_KMS", "file:"),
    ("CARNET_KMS", "keyring"),
    ("CARNET_KMS", "pkcs11:token=a"),
    ("CARNET_KMS", "transit:https://vault.example#key"),
    ("CARNET_PUBLIC_URL", "http://carnet.example.fr"),
    ("CARNET_PUBLIC_URL", "http://127.0.0.1.example.fr"),
    ("CARNET_PUBLIC_URL", "https://carnet.example.fr/chemin"),
    ("CARNET_PUBLIC_URL", "https://carnet.example.fr?a"),
    ("CARNET_PUBLIC_URL", "https://user@carnet.example.fr"),
    ("CARNET_PUBLIC_URL", "https://"),
    ("CARNET_PUBLIC_URL", "carnet.example.fr"),
    ("CARNET_PUBLIC_URL", "https://[::1"),
    ("CARNET_PUBLIC_URL", "https://carnet.example.fr:99999"),
    ("CARNET_LOG_ORIGIN", "https://carnet.example.fr"),
    ("CARNET_LOG_ORIGIN", "carnet+log"),
    ("CARNET_LOG_ORIGIN", "carnet log"),
    ("CARNET_LOG_ARCHIVE", __file__),
    ("CARNET_FRAME", "/nowhere/frame.json"),
    ("CARNET_CATALOGUE", "/nowhere/catalogue.json"),
    ("CARNET_INSTANCE", "/nowhere/instance.json"),
    ("CARNET_SMTP_URL", "http://mail.example"),
    ("CARNET_SMTP_URL", "smtp://"),
    ("CARNET_SESSION_PERSON", "20m"),
    ("CARNET_SESSION_PERSON", "8h/20m"),
    ("CARNET_SESSION_PERSON", "0m/8h"),
    ("CARNET_SESSION_PERSON", "20/8"),
    ("CARNET_SESSION_PERSON", "20m/9999d"),
    ("CARNET_SESSION_PROFESSIONAL", "20m/8h/9h"),
    ("CARNET_LIMITS", "true"),
    ("CARNET_FORWARDED_ALLOW_IPS", "*"),
    ("CARNET_FORWARDED_ALLOW_IPS", "proxy.example"),
    ("CARNET_FORWARDED_ALLOW_IPS", "10.0.0.1,"),
    ("CARNET_FRANCECONNECT_ISSUER", "http://fc.example/api/v2"),
    ("CARNET_FRANCECONNECT_ISSUER", "https://fc.example/api/v2?a=b"),
    ("CARNET_FRANCECONNECT_CLIENT_ID", "two words"),
    ("CARNET_FRANCECONNECT_CLIENT_SECRET", "two words"),
    ("CARNET_FRANCECONNECT_SCOPES", "email"),
    ("CARNET_FRANCECONNECT_ACR_VALUES", "eidas1 eidas1"),
    ("CARNET_FRANCECONNECT_PKCE", "yes"),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_a_malformed_setting_is_refused_by_name(name: str, value: str) -> None:
    base = FRANCECONNECT if "FRANCECONNECT" in name else {}
    error = refusal(**(base | {name: value}))
    assert error.setting == name
    assert name in str(error)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CARNET_DATABASE_URL", "postgresql://u:s3cr3t/a@db.example/carnet"),
        ("CARNET_DATABASE_URL", "mysql://u:s3cr3t@db.example/carnet"),
        ("CARNET_SMTP_URL", "smtp://u:s3cr3t@mail.example:port"),
        ("CARNET_SMTP_URL", "smtp://[s3cr3t"),
        ("CARNET_FRANCECONNECT_CLIENT_SECRET", "s3cr3t s3cr3t"),
    ],
)
def test_a_malformed_secret_is_repeated_nowhere_even_in_the_traceback(name: str, value: str) -> None:
    error = refusal(**(FRANCECONNECT | {name: value}))
    assert error.setting == name
    assert "s3cr3t" not in "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    "value",
    ["http://localhost:8000", "http://127.0.0.9", "http://[::1]:80", "https://carnet.example.fr:8443"],
)
def test_http_is_accepted_on_loopback_and_https_anywhere(value: str) -> None:
    assert load_settings({"CARNET_PUBLIC_URL": value}).public_url == value


def test_limits_may_be_lifted_on_loopback_only() -> None:
    assert not load_settings({"CARNET_LIMITS": "off"}).limits
    error = refusal(CARNET_LIMITS="off", CARNET_PUBLIC_URL="https://carnet.example.fr")
    assert error.setting == "CARNET_LIMITS"


SAME_STORE = [
    ("sqlite:///{tmp}/a.sqlite", "sqlite:///{tmp}/a.sqlite"),
    ("sqlite:///{tmp}/a.sqlite", "sqlite:///{tmp}/b/../a.sqlite"),
    ("sqlite:///{tmp}/a.sqlite", "sqlite:///{tmp}/link.sqlite"),
    ("sqlite:///{tmp}/a.sqlite", "sqlite:///{tmp}/%61.sqlite"),
    ("postgresql://u@db.example/carnet", "postgresql+psycopg://v:w@DB.example:5432/carnet"),
    ("postgresql://u@localhost/carnet", "postgresql://u@127.0.0.1/carnet"),
    ("postgresql://u@localhost/carnet", "postgresql:///carnet"),
    ("postgresql://u@localhost/carnet", "postgresql:///carnet?host=/var/run/postgresql"),
    ("postgresql://u@/carnet?host=/tmp/s", "postgresql://v@/carnet?host=/tmp/s/"),
    ("postgresql://u@db.example/carnet", "postgres://u@db.example/%63arnet"),
    ("postgresql://u@db.example/carnet", "postgresql://u@db.example/carnet?options=-csearch_path%3Dk"),
]
OTHER_STORE = [
    ("sqlite:///{tmp}/a.sqlite", "sqlite:///{tmp}/b.sqlite"),
    ("sqlite:///{tmp}/a.sqlite", "postgresql://u@db.example/carnet"),
    ("postgresql://u@db.example/carnet", "postgresql://u@db.example/keys"),
    ("postgresql://u@db.example/carnet", "postgresql://u@keys.example/carnet"),
    ("postgresql://u@db.example/carnet", "postgresql://u@db.example:5433/carnet"),
]


@pytest.mark.parametrize(("data", "keys"), SAME_STORE)
def test_data_and_keys_in_one_store_are_refused_however_spelt(data: str, keys: str, tmp_path: Path) -> None:
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "a.sqlite")
    urls = {"CARNET_DATABASE_URL": data, "CARNET_KEYSTORE_URL": keys}
    error = refusal(**{name: url.format(tmp=tmp_path) for name, url in urls.items()})
    assert error.setting == "CARNET_KEYSTORE_URL"


@pytest.mark.parametrize(("data", "keys"), OTHER_STORE)
def test_data_and_keys_in_two_stores_are_accepted(data: str, keys: str, tmp_path: Path) -> None:
    urls = {"CARNET_DATABASE_URL": data, "CARNET_KEYSTORE_URL": keys}
    settings = load_settings({name: url.format(tmp=tmp_path) for name, url in urls.items()})
    assert settings.keystore_url.startswith(("sqlite:///", "postgresql+psycopg://"))


def test_migrations_may_not_be_pointed_at_the_keys() -> None:
    keys = "postgresql://u@db.example/keys"
    error = refusal(CARNET_KEYSTORE_URL=keys, CARNET_DATABASE_ADMIN_URL=keys)
    assert error.setting == "CARNET_DATABASE_ADMIN_URL"


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n")
    without = {name: value for name, value in FRANCECONNECT.items() if not name.endswith("SECRET")}
    settings = load_settings(without | {"CARNET_FRANCECONNECT_CLIENT_SECRET_FILE": str(secret)})
    assert settings.franceconnect is not None
    assert settings.franceconnect.client_secret == "from-a-file"


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff", b"x" * 70_000, None])
def test_a_secret_file_that_holds_no_secret_is_refused_by_name(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    assert refusal(CARNET_SMTP_URL_FILE=str(file)).setting == "CARNET_SMTP_URL_FILE"


def test_a_secret_and_its_file_together_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("smtp://mail.example")
    error = refusal(CARNET_SMTP_URL_FILE=str(file), CARNET_SMTP_URL="smtp://mail.example")
    assert error.setting == "CARNET_SMTP_URL_FILE"


def test_no_secret_shows_in_the_settings_nor_in_their_parts() -> None:
    settings = load_settings(
        FRANCECONNECT
        | {
            "CARNET_DATABASE_URL": "postgresql://u:s3cr3t-of-d@db.example/carnet",
            "CARNET_KEYSTORE_URL": "postgresql://u:s3cr3t-of-k@db.example/keys",
            "CARNET_DATABASE_ADMIN_URL": "postgresql://u:s3cr3t-of-admin@db.example/carnet",
            "CARNET_SMTP_URL": "smtp://u:s3cr3t-of-mail@mail.example:25",
        }
    )
    assert "s3cr3t" not in repr(settings) + str(settings) + f"{settings.franceconnect!r}"


@given(name=st.sampled_from(sorted(SETTING_NAMES)), value=st.text(min_size=1, max_size=80))
def test_whatever_is_written_in_a_setting_the_start_succeeds_or_is_refused_by_name(
    name: str, value: str
) -> None:
    culprit: str | None = name
    try:
        load_settings({name: value.replace("\0", "x")})
    except ConfigError as error:
        culprit = error.setting
    assert culprit is not None
    assert culprit.startswith("CARNET_")


def write_instance(folder: Path, document: object) -> dict[str, str]:
    file = folder / "instance.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return {"CARNET_INSTANCE": str(file)}


def test_an_instance_file_fills_what_it_names_and_leaves_the_rest_neutral(tmp_path: Path) -> None:
    (tmp_path / "logo.svg").write_text("<svg/>")
    document = {
        "name": "Carnet de l’Isère",
        "controller": {"name": "Département", "address": "1 rue\n38000 Grenoble"},
        "colours": {"accent": "#0b5563"},
        "logo": "logo.svg",
        "leave_quickly_url": "https://meteo.example/",
    }
    instance = load_settings(write_instance(tmp_path, document)).instance
    assert instance.name == "Carnet de l’Isère"
    assert (instance.controller.name, instance.controller.email) == ("Département", "")
    assert instance.dpo == Instance().dpo
    assert (instance.colours.accent, instance.colours.stop) == ("#0b5563", None)
    assert instance.logo == tmp_path / "logo.svg"
    assert instance.leave_quickly_url == "https://meteo.example/"


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        ("{", "strict JSON"),
        ('{"name": "a", "name": "b"}', "strict JSON"),
        ([], "the document"),
        ({"nom": "Carnet"}, "/nom"),
        ({"name": ""}, "/name"),
        ({"name": 3}, "/name"),
        ({"name": "a\u0007"}, "/name"),
        ({"name": "a" * 501}, "/name"),
        ({"dpo": "quelqu’un"}, "/dpo"),
        ({"dpo": {"mail": "a@b.example"}}, "/dpo/mail"),
        ({"dpo": {"email": None}}, "/dpo/email"),
        ({"colours": {"accent": "teal"}}, "/colours/accent"),
        ({"colours": {"accent": "#0b5563; } body {"}}, "/colours/accent"),
        ({"logo": "missing.svg"}, "/logo"),
        ({"logo": "instance.json"}, "/logo"),
        ({"leave_quickly_url": "http://meteo.example/"}, "/leave_quickly_url"),
        ({"leave_quickly_url": "javascript:alert(1)"}, "/leave_quickly_url"),
    ],
)
def test_a_faulty_instance_file_is_refused_with_the_place_of_the_fault(
    document: object, pointer: str, tmp_path: Path
) -> None:
    error = refusal(**write_instance(tmp_path, document))
    assert error.setting == "CARNET_INSTANCE"
    assert pointer in str(error)
