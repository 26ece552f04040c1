"""The tables of the run log, how a file comes to have them, and who may write it."""

import fcntl
import os
import sqlite3
from pathlib import Path

from imgpipe.errors import ConfigError
from imgpipe.steps.save import Durability

SCHEMA_VERSION = 5

# What each promise takes: of a log in WAL mode, NORMAL may forget but never breaks.
_SYNCHRONOUS: dict[Durability, str] = {"file": "full", "run": "normal", "none": "off"}
_CACHE = 256  # KiB
_STATEMENTS = 16  # that are kept compiled
_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs")

_SCHEMA = """
create table inputs (
  id integer primary key,
  path blob not null unique,
  size integer not null,
  mtime_ns integer not null
);
create table outputs (
  id integer primary key,
  input integer not null references inputs,
  path blob not null unique,          -- as planned, below the output folder
  landed blob unique,                 -- where it went instead, its content being of another format
  key blob not null,                  -- of the input's fingerprint and the recipe
  state text not null check (state in ('planned', 'intent', 'done', 'failed')),
  bytes integer,                      -- of the file we last put there; null and done: none is due
  digest blob,
  next_bytes integer,                 -- of the file about to be put there
  next_digest blob,
  sidecar_bytes integer,              -- of the file we last put beside it, null where there is none
  sidecar_digest blob,
  next_sidecar_bytes integer,
  next_sidecar_digest blob,
  format text,                        -- of that file, its pixels, and what of the input it lost
  width integer,
  height integer,
  lost text,
  skipped text,                       -- why the last run left it as it was
  step text,                          -- that failed
  error text,
  seconds real
);
create index outputs_by_state on outputs (state) where state = 'intent';
create index outputs_by_input on outputs (input);
create table unlisted (path blob not null primary key, error text not null);
create table runs (
  id integer primary key,
  recipe text not null,               -- JSON, see recipe.py
  version text not null,              -- of imgpipe
  codecs text not null,               -- JSON: the library of each format, with its version
  started real not null,              -- seconds since 1970
  ended real,                         -- null: killed, or under way
  outcome text                        -- an error, or null where it came to its end
);
"""

_SINCE_1 = """
alter table outputs add column format text;
alter table outputs add column width integer;
alter table outputs add column height integer;
alter table outputs add column lost text;
"""
_SINCE_2 = """
alter table outputs add column skipped text;
create index outputs_by_input on outputs (input);
create table runs (
  id integer primary key, recipe text not null, version text not null, started real not null,
  ended real, outcome text
);
"""
_SINCE_3 = "alter table runs add column codecs text not null default '{}';"
_SINCE_4 = """
alter table outputs add column sidecar_bytes integer;
alter table outputs add column sidecar_digest blob;
alter table outputs add column next_sidecar_bytes integer;
alter table outputs add column next_sidecar_digest blob;
"""

_STEPS = {
    0: _SCHEMA,
    1: _SINCE_1 + _SINCE_2 + _SINCE_3 + _SINCE_4,
    2: _SINCE_2 + _SINCE_3 + _SINCE_4,
    3: _SINCE_3 + _SINCE_4,
    4: _SINCE_4,
}


def connect(database: str, durability: Durability = "file") -> sqlite3.Connection:
    """The log in a file, brought up to this version; without a name, one that nobody sees.

    Raises ConfigError for a newer version.
    """
    # Calls come one at a time, but from whichever thread of the pool is free.
    # Statements for many rows are large, and each number of rows makes another one.
    connection = sqlite3.connect(
        database, timeout=0, check_same_thread=False, cached_statements=_STATEMENTS
    )
    try:
        connection.execute("pragma locking_mode = exclusive")
        connection.execute(f"pragma cache_size = -{_CACHE}")
        connection.execute(f"pragma journal_mode = {_journal(database)}")
        connection.execute(f"pragma synchronous = {_SYNCHRONOUS[durability]}")
        (version,) = connection.execute("pragma user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise ConfigError(
                f"Expected a run log of version {SCHEMA_VERSION} or older, got {version}; "
                "use the newer imgpipe that wrote it, or another output folder"
            )
        (fault,) = connection.execute("pragma quick_check(1)").fetchone()
        if fault != "ok":
            raise sqlite3.DatabaseError(fault)
        steps = _STEPS.get(version, "")
        # The version changes with the tables or not at all, whenever we are killed.
        connection.executescript(f"begin; {steps} pragma user_version = {SCHEMA_VERSION}; commit;")
    except BaseException:
        connection.close()
        raise
    return connection


def _journal(database: str) -> str:
    if not database:
        return "memory"
    return "truncate" if _is_on_a_network(database) else "wal"


def _is_on_a_network(database: str) -> bool:
    """Whether the kernel knows the file's place as another machine's."""
    try:
        mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    except OSError:
        return False
    path = os.path.realpath(database)
    kinds = {os.fsdecode(_unescaped(place)): kind for _, place, kind, *_ in mounts}
    above = [place for place in kinds if os.path.commonpath((place, path)) == place]
    return kinds[max(above, key=len)] in _NETWORK


def _unescaped(place: str) -> bytes:
    return place.encode(errors="surrogateescape").decode("unicode_escape").encode("latin-1")


class Lock:
    """A folder for one process at a time, whatever log it keeps. Ends with the process."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigError where another has it."""
        self._number = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise ConfigError(
                f"Expected to be alone in {folder.parent.parent}, but another run is writing there"
            ) from None

    def close(self) -> None:
        """Let others in."""
        os.close(self._number)


def explain(error: sqlite3.Error, database: Path) -> str:
    """The sentence for a log that cannot be opened."""
    if "locked" in str(error):
        return f"Expected to be alone with {database}, but another run is writing there"
    return f"Expected a run log at {database}, got: {error}; move it away to start anew"
