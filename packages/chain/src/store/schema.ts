/**
 * The node's database: docs/spec/chain.md, section 7. One transaction a block writes all of it, so that after a kill
 * at any instant the file stands at a block boundary.
 */
export const SCHEMA_VERSION = 8

/** So many states before the head's can be read, for proofs. */
export const STATES_KEPT = 100

/** Of the state, and of one that is to take its place. */
export const STATE_COLUMNS = `(
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT, WITHOUT ROWID`

/** What starts a new file; `bytes` stand last in their rows, so that reading the rest skips a proof of megabytes. */
export const SCHEMA = `
  CREATE TABLE state ${STATE_COLUMNS};

  CREATE TABLE blocks (
    height INTEGER PRIMARY KEY,
    time_ms INTEGER NOT NULL,
    hash BLOB NOT NULL,
    app_hash BLOB NOT NULL,
    event_count INTEGER NOT NULL,
    signature BLOB NOT NULL,
    header BLOB NOT NULL,
    -- What the engine said of its validators; NULL where one signs alone.
    report BLOB
  ) STRICT;

  CREATE TABLE txs (
    height INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    id BLOB UNIQUE,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    message TEXT,
    hint TEXT,
    fee TEXT NOT NULL,
    execution_ms REAL NOT NULL,
    -- Of bytes that were dropped: the header is bound to it.
    bytes_sha256 BLOB,
    bytes BLOB,
    PRIMARY KEY (height, idx)
  ) STRICT;

  CREATE TABLE events (
    height INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    tx_idx INTEGER,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (height, idx)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE deals (
    deal INTEGER PRIMARY KEY,
    piece_cid TEXT NOT NULL,
    root_cid TEXT,
    client TEXT NOT NULL,
    provider INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX deals_piece_cid ON deals (piece_cid, deal);
  CREATE INDEX deals_root_cid ON deals (root_cid, deal) WHERE root_cid IS NOT NULL;
  CREATE INDEX deals_client ON deals (client, deal);
  CREATE INDEX deals_provider ON deals (provider, deal);

  -- What the last blocks replaced, so that the state after each of them can still be read; NULL: there was nothing.
  CREATE TABLE undo (
    height INTEGER NOT NULL,
    key TEXT NOT NULL,
    value BLOB,
    PRIMARY KEY (height, key)
  ) STRICT, WITHOUT ROWID;
`
