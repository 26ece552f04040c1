"""The tables of the run log, and how a file comes to have them."""

import sqlite3
from pathlib import Path

from imgpipe.errors import ConfigError

SCHEMA_VERSION = 3

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
  started real not null,              -- seconds since 1970
  ended real,                         -- null: killed, or under way
  outcome text                        -- an error, or null where it came to its end
);
"""

_SINCE_2 = """
alter table outputs add column skipped text;
create index outputs_by_input on outputs (input);
create table runs (
  id integer primary key, recipe text not null, version text not null, started real not null,
  ended real, outcome text
);
"""
_SINCE_1 = """
alter table outputs add column format text;
alter table outputs add column width integer;
alter table outputs add column height integer;
alter table outputs add column lost text;
"""

_STEPS = {0: _SCHEMA, 1: _SINCE_1 + _SINCE_2, 2: _SINCE_2}


def connect(database: str) -> sqlite3.Connection:
    """The log in a file, brought up to this version. Raises ConfigError for a newer one."""
    # Calls come one at a time, but from whichever thread of the pool is free.
    connection = sqlite3.connect(database, timeout=0, check_same_thread=False)
    try:
        connection.execute("pragma locking_mode = exclusive")
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        (version,) = connection.execute("pragma user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise ConfigError(
                f"Expected a run log of version {SCHEMA_VERSION} or older, got {version}; "
                "use the newer imgpipe that wrote it, or another output folder"
            )
        steps = _STEPS.get(version, "")
        # The version changes with the tables or not at all, whenever we are killed.
        connection.executescript(f"begin; {steps} pragma user_version = {SCHEMA_VERSION}; commit;")
    except BaseException:
        connection.close()
        raise
    return connection


def explain(error: sqlite3.Error, home: Path) -> str:
    """The sentence for a log in the folder `home` that cannot be opened."""
    if "locked" in str(error):
        return f"Expected to be alone in {home.parent}, but another run is writing there"
    return f"Expected a run log in {home}, got: {error}; move it away to start anew"
