"""The keyring file, the rows it wraps, and what is remembered of them."""

import json
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto import FileKms, KeyringError, OpenError, UnknownRootError, UnwrapCache

INSTANCE = "instance"
SECRET = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "keyring"
    FileKms.create(file)
    return file


def opened(path: Path, instance: str = INSTANCE) -> FileKms:
    return FileKms.open(path, instance=instance)


# --- the file ---


def test_a_new_keyring_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FileKms.create(tmp_path / "keyring")
    finally:
        os.umask(before)
    assert (tmp_path / "keyring").stat().st_mode & 0o777 == 0o600


def test_a_keyring_is_never_overwritten(path: Path, tmp_path: Path) -> None:
    content = path.read_bytes()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for taken in (path, tmp_path / "link", tmp_path):
        with pytest.raises(KeyringError):
            FileKms.create(taken)
    assert path.read_bytes() == content
    assert not (tmp_path / "target").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o610, 0o601, 0o644, 0o777])
def test_a_keyring_others_can_touch_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyringError, match="0600"):
        opened(path)


def test_a_keyring_must_be_a_file_that_is_there(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for missing in (tmp_path / "nowhere", tmp_path, tmp_path / "pipe", tmp_path / "no" / "keyring"):
        with pytest.raises(KeyringError):
            opened(missing)
    with pytest.raises(KeyringError):
        FileKms.create(tmp_path / "no" / "keyring")


def spoiled(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(KeyringError):
        opened(path)


ROOT = "A" * 43 + "="


@pytest.mark.parametrize(
    "document",
    [
        {"format": "carnet-keyring/2", "roots": {"1": ROOT}},
        {"format": "carnet-keyring/1", "roots": {}},
        {"format": "carnet-keyring/1", "roots": {"0": ROOT}},
        {"format": "carnet-keyring/1", "roots": {"01": ROOT}},
        {"format": "carnet-keyring/1", "roots": {"-1": ROOT}},
        {"format": "carnet-keyring/1", "roots": {"4294967296": ROOT}},
        {"format": "carnet-keyring/1", "roots": {"1": ROOT[:-4]}},
        {"format": "carnet-keyring/1", "roots": {"1": "not base64"}},
        {"format": "carnet-keyring/1", "roots": {"1": 7}},
        {"format": "carnet-keyring/1", "roots": [ROOT]},
        {"format": "carnet-keyring/1"},
        {"format": "carnet-keyring/1", "roots": {"1": ROOT}, "more": 1},
        [],
    ],
)
def test_a_keyring_in_another_format_is_refused(path: Path, document: object) -> None:
    spoiled(path, json.dumps(document, separators=(",", ":"), sort_keys=True).encode())


def test_a_keyring_cut_or_padded_is_refused(path: Path) -> None:
    good = path.read_bytes()
    for content in (b"", good[:-5], good + b" ", b" " + good, good * 2, b"\xff" + good, b"1" * 200_000):
        spoiled(path, content)


# --- rows ---


def test_a_row_comes_back_after_a_restart(path: Path) -> None:
    wrapped = opened(path).wrap_row("own", "carnet", 1, SECRET)
    assert opened(path).unwrap_row("own", "carnet", 1, wrapped) == SECRET


@pytest.mark.parametrize(
    ("instance", "kind", "id_", "version"),
    [
        (INSTANCE, "shred", "carnet", 1),
        (INSTANCE, "own", "other", 1),
        (INSTANCE, "own", "carnet", 2),
        (INSTANCE, "owncarnet", "", 1),
        ("elsewhere", "own", "carnet", 1),
    ],
)
def test_a_row_opens_nowhere_else(path: Path, instance: str, kind: str, id_: str, version: int) -> None:
    wrapped = opened(path).wrap_row("own", "carnet", 1, SECRET)
    with pytest.raises(OpenError):
        opened(path, instance).unwrap_row(kind, id_, version, wrapped)


def test_a_row_does_not_open_under_another_keyring(path: Path, tmp_path: Path) -> None:
    FileKms.create(tmp_path / "other")
    wrapped = opened(path).wrap_row("own", "carnet", 1, SECRET)
    with pytest.raises(OpenError):
        opened(tmp_path / "other").unwrap_row("own", "carnet", 1, wrapped)


def test_rows_of_an_older_root_open_until_it_is_destroyed() -> None:
    roots = {1: bytes(32), 2: bytes([2] * 32)}
    old = FileKms({1: roots[1]}, instance=INSTANCE).wrap_row("own", "carnet", 1, SECRET)
    both, new = FileKms(roots, instance=INSTANCE), FileKms({2: roots[2]}, instance=INSTANCE)
    assert both.root_version == 2
    assert both.unwrap_row("own", "carnet", 1, old) == SECRET
    assert new.unwrap_row("own", "carnet", 1, both.wrap_row("own", "carnet", 1, SECRET)) == SECRET
    with pytest.raises(UnknownRootError) as refused:
        new.unwrap_row("own", "carnet", 1, old)
    assert refused.value.root_version == 1


@given(st.binary(max_size=120))
def test_junk_is_no_row(junk: bytes) -> None:
    kms = FileKms({1: bytes(32)}, instance=INSTANCE)
    for wrapped in (junk, b"\x01\0\0\0\x01" + junk):
        with pytest.raises(OpenError):
            kms.unwrap_row("own", "carnet", 1, wrapped)


def test_unwraps_are_counted_by_kind_and_failures_are_not() -> None:
    kms = FileKms({1: bytes(32)}, instance=INSTANCE)
    wrapped = kms.wrap_row("shred", "carnet", 1, SECRET)
    threads = [
        threading.Thread(target=lambda: [kms.unwrap_row("shred", "carnet", 1, wrapped) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(OpenError):
        kms.unwrap_row("own", "carnet", 1, wrapped)
    assert kms.unwrap_counts() == {"shred": 200}


# --- the cache ---


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Unwraps:
    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> bytes:
        self.count += 1
        return SECRET


def test_what_was_just_unwrapped_is_remembered_a_minute_at_most() -> None:
    clock, unwrap = Clock(), Unwraps()
    cache = UnwrapCache(clock=clock)
    for _ in range(3):
        assert cache.get_or(b"wrapped", unwrap, place=b"own/carnet") == SECRET
        clock.now += 19.9
    assert unwrap.count == 1
    clock.now += 0.4
    cache.get_or(b"wrapped", unwrap, place=b"own/carnet")
    assert unwrap.count == 2
    with pytest.raises(ValueError, match="minute"):
        UnwrapCache(timedelta(seconds=61))


def test_a_row_changed_or_moved_is_unwrapped_again() -> None:
    unwrap, cache = Unwraps(), UnwrapCache()
    for wrapped, place in ((b"row", b"a"), (b"row 2", b"a"), (b"row", b"b"), (b"", b"arow"), (b"arow", b"")):
        cache.get_or(wrapped, unwrap, place=place)
    assert unwrap.count == 5


def test_a_failure_is_not_remembered() -> None:
    cache, unwrap = UnwrapCache(), Unwraps()

    def fails() -> bytes:
        raise OpenError

    with pytest.raises(OpenError):
        cache.get_or(b"row", fails, place=b"")
    assert cache.get_or(b"row", unwrap, place=b"") == SECRET


def test_the_cache_stays_within_its_size_and_drops_what_expired() -> None:
    clock, unwrap = Clock(), Unwraps()
    cache = UnwrapCache(clock=clock, max_entries=10)
    for number in range(25):
        cache.get_or(bytes([number]), unwrap, place=b"")
        assert len(cache) <= 10
    cache.get_or(bytes([24]), unwrap, place=b"")
    assert unwrap.count == 25  # the newest were kept
    clock.now += 60
    cache.get_or(b"new", unwrap, place=b"")
    assert len(cache) == 1
    cache.clear()
    assert len(cache) == 0


def test_threads_share_the_cache() -> None:
    cache, seen = UnwrapCache(max_entries=5), []

    def work() -> None:
        for number in range(300):
            name = bytes([number % 11])
            seen.append(cache.get_or(name, lambda name=name: name, place=b"") == name)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(seen)
    assert len(seen) == 1200
