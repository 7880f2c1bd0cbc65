"""What every command opens: the settings of the environment, and the application beside a running server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from vault import bootstrap
from vault.bootstrap import Application
from vault.config import Settings, load_settings


def settings_here(*, default_public_url: str = "http://127.0.0.1:8000") -> Settings:
    """The settings of the environment. Raises ConfigError."""
    return load_settings(os.environ, default_public_url=default_public_url)


@contextmanager
def checked(settings: Settings | None = None) -> Iterator[Application]:
    """An application whose stores passed the start check. Raises ConfigError."""
    application = bootstrap.open_application(settings or settings_here())
    try:
        yield application
    finally:
        application.close()


@contextmanager
def unchecked(*, data: bool = True) -> Iterator[Application]:
    """The same for a log that may be broken. ``data`` False: the data store need not be ready."""
    application = bootstrap.open_unchecked(settings_here(), data=data)
    try:
        yield application
    finally:
        application.close()
