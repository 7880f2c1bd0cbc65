"""The one place that assembles the parts: settings in, a running application out.

- ``make_keys``: the keyring, K with its schema, and the keys every instance has. Needs no D. Repeatable.
- ``upgrade``: D and K brought to head; on an empty log, the first leaf. Repeatable.
- ``open_application``: refuses to start (ConfigError) unless both stores are ready, sound and two.

The application is closed by whoever opened it; closing waits for reads under way.
"""

import os
import secrets
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from consent.receipts import Keeper
from exporters.document import Issuer
from schemas.catalogue_file import CatalogueError
from schemas.fields import Catalogue
from schemas.ids import new_id
from schemas.purposes import Frame, FrameError
from vault.audit import Checkpoint, LogSource, Signer, Verifier, parse_vkey, sign_checkpoint
from vault.audit.checkpoint import format_vkey
from vault.config import Settings
from vault.crypto import (
    FileKms,
    KeyringError,
    NoteSigner,
    UnwrapCache,
    new_signing_seed,
    verify_ed25519,
)
from vault.errors import ConfigError
from vault.instance import Contact
from vault.jobs.mail import Mail, Post
from vault.jobs.runner import Jobs, JobThread
from vault.services.administering import first_leaf, make_instance_keys, note_configuration
from vault.services.key_sources import JournalKeys, KeyRows, OwnerKeys, ReaderKeys
from vault.services.letters import Sender
from vault.services.parts import Parts
from vault.services.ports import Clock
from vault.services.receipts import signing_row
from vault.services.rule_changes import special_under
from vault.services.upkeep import run_upkeep
from vault.storage import schema
from vault.storage.data_store import SqlDataStore, open_data_store
from vault.storage.database import Database
from vault.storage.keystore import SqlKeyStore, open_keystore
from vault.storage.log_source import Show, log_source
from vault.storage.start_check import StartRefusedError, check_start, verified_head

SIGNING = ("signing", "log")
_BRING_BACK = "bring back the copy you kept of it: without it nothing can be opened"


def utc_now() -> datetime:
    return datetime.now(UTC)


def check_signature(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519, in the order of arguments of the notes of the log."""
    return verify_ed25519(public, signature, message)


@dataclass(frozen=True, slots=True)
class Application:
    """Everything one process needs, assembled and checked."""

    settings: Settings
    parts: Parts
    data: SqlDataStore
    keystore: SqlKeyStore
    signer: Signer
    issuer: Issuer
    unwrap_counts: Callable[[], object]

    @property
    def verifier(self) -> Verifier:
        return parse_vkey(self.vkey, check_signature)

    @property
    def vkey(self) -> str:
        """The line by which outsiders know the log's key (C2SP)."""
        return format_vkey(self.signer.name, self.signer.public)

    @property
    def log_vkeys(self) -> tuple[str, ...]:
        return (self.vkey,)

    def sign(self, checkpoint: Checkpoint) -> str:
        return sign_checkpoint(checkpoint, self.signer)

    def look(self) -> tuple[int, bytes]:
        """Size and root of the log, found to begin with what was signed before."""
        return verified_head(self.data, self.keystore, verifiers=[self.verifier])

    def jobs(self) -> Jobs:
        holder = f"{os.getpid()}-{secrets.token_hex(4)}"
        told = self.settings
        return Jobs(self.parts, told.log_origin, self.sign, self.look, holder, retention=told.retention)

    def mail(self) -> Mail:
        """The outbox, and the server that the settings name if they name one."""
        told = self.settings
        officer = told.instance.dpo
        sender = Sender(told.instance.name, told.public_url, _written(officer), officer.email)
        post = Post.at(told.smtp_url, told.mail_from) if told.smtp_url else None
        return Mail(self.parts, sender, post)

    def job_thread(self) -> JobThread:
        """The jobs beside a server; not started."""
        return JobThread(self.jobs(), self.mail())

    def web(self) -> Callable[..., Awaitable[None]]:
        """The pages and the API over this application (ASGI)."""
        from vault.web.app import create_app  # noqa: PLC0415 - commands that serve nothing load no web

        return create_app(self)

    def log(self, *, show: Show | None = None) -> AbstractContextManager[LogSource]:
        """One snapshot of the live log, for the verifier. ``show`` opens its openings."""
        return log_source(self.data.database, show=show)

    def kept_notes(self) -> tuple[str, ...]:
        """Signed notes kept outside D, with which the log must agree."""
        kept = self.keystore.last_checkpoint()
        return (kept.note,) if kept else ()

    def close(self) -> None:
        self.data.close()
        self.keystore.close()


# --- before the first start ------------------------------------------------------------------------------


def make_keys(settings: Settings) -> bool:
    """The keyring (0600), K and its first rows. What exists is kept. True when the keyring is new."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = not settings.kms.path.exists()
    keystore = open_keystore(settings.keystore_url, utc_now)
    try:
        schema.upgrade(keystore.database, schema.KEYS)
        if made:
            _make_keyring(settings, keystore)
        keystore.found(new_id())
        seed = new_signing_seed()
        public = NoteSigner(settings.log_origin, seed).public
        rows = _rows(settings, keystore)
        make_instance_keys(keystore, rows, secrets.token_bytes, log_seed=seed, log_public=public)
        _make_receipt_key(keystore, rows)
    finally:
        keystore.close()
    return made


def _make_keyring(settings: Settings, keystore: SqlKeyStore) -> None:
    """Raises ConfigError when the keys of K were wrapped by another keyring: a new one would open none."""
    if keystore.secrets([SIGNING]):
        raise ConfigError("the keyring of this key store is missing", setting="CARNET_KMS", hint=_BRING_BACK)
    try:
        FileKms.create(settings.kms.path)
    except KeyringError as error:
        raise ConfigError(str(error), setting="CARNET_KMS", hint="is its folder there, and yours?") from error


def upgrade(settings: Settings) -> bool:
    """D and K at head, and the first leaf of an empty log. True when the log is new. Raises ConfigError
    without the keys."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _upgrade_store(settings.database_admin_url or settings.database_url, "data", schema.DATA)
    _upgrade_store(settings.keystore_url, "keys", schema.KEYS)
    application = _assemble(settings, utc_now)
    try:
        application.data.found(application.parts.instance, settings.log_origin)
        _make_receipt_key(application.keystore, application.parts.rows)
        return first_leaf(application.parts)
    finally:
        application.close()


def _make_receipt_key(keystore: SqlKeyStore, rows: KeyRows) -> None:
    """If there is none: an instance that is older than receipts gets it here."""
    keystore.add_secrets([signing_row(rows, secrets.token_bytes)], if_absent=True)


def _upgrade_store(url: str, part: str, wanted: schema.Schema) -> None:
    database = Database(url, part=part, secure_delete=part == "keys")
    try:
        schema.upgrade(database, wanted)
    finally:
        database.close()


# --- opening ---------------------------------------------------------------------------------------------


def open_application(settings: Settings, *, clock: Clock = utc_now) -> Application:
    """A checked application. Notes first what people are told, and finishes what an earlier process left half
    done. Raises ConfigError (and
    its kind StartRefusedError), UnavailableError."""
    application = _assemble(settings, clock)
    try:
        _check_made(application.data.database, "the data store", "carnet database upgrade")
        check_start(application.data, application.keystore, verifiers=[application.verifier])
        note_configuration(application.parts)
        known = special_under(application.parts)
        application = replace(application, parts=replace(application.parts, special_under=known))
        run_upkeep(application.parts)
    except BaseException:
        application.close()
        raise
    return application


def open_unchecked(settings: Settings, *, data: bool = True, clock: Clock = utc_now) -> Application:
    """An application whose log may be broken: for whoever verifies or exports it, never for a server.
    ``data`` False: D need not be ready either."""
    application = _assemble(settings, clock)
    try:
        if data:
            _check_made(application.data.database, "the data store", "carnet database upgrade")
        if data and not schema.at_head(application.data.database, schema.DATA):
            raise ConfigError("the data store is not ready", hint="carnet database upgrade")
    except BaseException:
        application.close()
        raise
    return application


def check(settings: Settings) -> list[str]:
    """Why this instance may not start, and what separates its tables from the declared ones; empty when all
    is well. Changes nothing. Raises ConfigError when there is nothing to check yet."""
    application = open_unchecked(settings)
    try:
        found = schema.differences(application.data.database, schema.DATA)
        found += schema.differences(application.keystore.database, schema.KEYS)
        check_start(application.data, application.keystore, verifiers=[application.verifier])
    except StartRefusedError as error:
        found.append(str(error))
    finally:
        application.close()
    return found


def _assemble(settings: Settings, clock: Clock) -> Application:
    catalogue, frame = load_rules(settings)
    keystore = open_keystore(settings.keystore_url, clock)
    _check_made(keystore.database, "the key store", "carnet keys init")
    try:
        rows = _rows(settings, keystore)
        signer = _signer(rows, settings.log_origin)
    except BaseException:
        keystore.close()
        raise
    data = open_data_store(settings.database_url, clock)
    parts = Parts(
        instance=_instance(keystore),
        catalogue=catalogue,
        frame=frame,
        data=data,
        keystore=keystore,
        rows=rows,
        journal_keys=JournalKeys(rows, secrets.token_bytes),
        owner_keys=OwnerKeys(rows),
        reader_keys=ReaderKeys(rows, UnwrapCache()),
        clock=clock,
        random=secrets.token_bytes,
        notice_version=notice_version(settings, catalogue, frame),
        keeper=_keeper(settings),
        key_copies=settings.key_copies,
    )
    issuer = Issuer(
        name=settings.instance.name,
        controller=settings.instance.controller.name,
        contact=_written(settings.instance.dpo),
        site=settings.public_url,
    )
    return Application(settings, parts, data, keystore, signer, issuer, rows.unwrap_counts)


def _check_made(database: Database, what: str, command: str) -> None:
    """SQLite would make an empty file where there is none, and complain about it later."""
    if database.sqlite and not database.path.is_file():
        raise ConfigError(f"{what} is not made", hint=command)


def _written(contact: Contact) -> str:
    """A contact in one line."""
    told = (contact.name, contact.address, contact.email, contact.phone)
    return ", ".join(part for part in told if part)


def _keeper(settings: Settings) -> Keeper:
    told = settings.instance
    return Keeper(
        name=told.name,
        controller=told.controller.name,
        contact=_written(told.dpo),
        address=told.controller.address,
        site=settings.public_url,
        origin=settings.log_origin,
    )


def load_rules(settings: Settings) -> tuple[Catalogue, Frame]:
    """The catalogue and the frame that the settings name. Raises ConfigError."""
    try:
        catalogue = Catalogue.load(settings.catalogue)
        return catalogue, Frame.load(settings.frame, catalogue)
    except CatalogueError as error:
        raise ConfigError(str(error), setting="CARNET_CATALOGUE") from error
    except FrameError as error:
        raise ConfigError(str(error), setting="CARNET_FRAME") from error


def notice_version(settings: Settings, catalogue: Catalogue, frame: Frame) -> str:
    """Names what the privacy notice says: it is generated from these three (/donnees-personnelles)."""
    told = f"{catalogue.version}|{frame.version}|{settings.instance!r}"
    return sha256(told.encode()).hexdigest()[:12]


def _rows(settings: Settings, keystore: SqlKeyStore) -> KeyRows:
    try:
        kms = FileKms.open(settings.kms.path, instance=_instance(keystore))
    except KeyringError as error:
        raise ConfigError(str(error), setting="CARNET_KMS", hint="carnet keys init") from error
    return KeyRows(keystore, kms, UnwrapCache())


def _instance(keystore: SqlKeyStore) -> str:
    if not schema.at_head(keystore.database, schema.KEYS):
        raise ConfigError("the key store is not ready", hint="carnet keys init")
    instance = keystore.instance()
    if instance is None:
        raise ConfigError("the key store has no name", hint="carnet keys init")
    return instance


def _signer(rows: KeyRows, origin: str) -> Signer:
    seed = rows.load([SIGNING]).get(SIGNING)
    if seed is None:
        raise ConfigError("the log has no signing key", hint="carnet keys init")
    note = NoteSigner(origin, seed)
    return Signer(note.name, note.public, note.sign)
