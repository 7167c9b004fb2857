/** What can be wrong with a snapshot, or in the way of one. */
import { GranaryError } from '@granary/base'

/** SNAPSHOT_INVALID: the file is not a snapshot of the chain that it should be of, or not all of one. */
export class SnapshotInvalidError extends GranaryError {
  constructor(path: string, why: string, cause?: unknown) {
    super({
      code: 'SNAPSHOT_INVALID',
      message: `${path}: ${why}`,
      hint: 'take another copy of the snapshot, from a node of this chain; nothing was imported',
      details: { path, why },
      cause,
    })
  }
}

/** STATE_NOT_KEPT: only the states of the last blocks can be exported. */
export class StateNotKeptError extends GranaryError {
  constructor(height: number, head: number) {
    super({
      code: 'STATE_NOT_KEPT',
      message: `the state after block ${height} cannot be exported, the head is block ${head}`,
      hint: 'choose one of the hundred blocks before the head, whose state the next header names; leave it out for the newest',
      details: { height, head },
    })
  }
}

/** OUT_EXISTS */
export class OutExistsError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'OUT_EXISTS',
      message: `${path} exists already`,
      hint: 'choose another name, or remove it',
      details: { path },
    })
  }
}

/** HOME_EXISTS: an import never replaces a chain. */
export class ChainExistsError extends GranaryError {
  constructor(database: string) {
    super({
      code: 'HOME_EXISTS',
      message: `${database} exists already`,
      hint: 'import into a folder without blocks',
      details: { database },
    })
  }
}

/** GENESIS_UNKNOWN: without a hash that one trusts, any file could claim to be the chain. */
export class GenesisUnknownError extends GranaryError {
  constructor(home: string) {
    super({
      code: 'GENESIS_UNKNOWN',
      message: `${home} has no genesis.json, and no genesis hash was given`,
      hint: 'name the chain by --genesis-hash, or put its genesis.json into <home>/chain',
      details: { home },
    })
  }
}

/** CHAIN_ON_COMETBFT: the votes for its headers are with CometBFT. */
export class OnCometError extends GranaryError {
  constructor(home: string) {
    super({
      code: 'CHAIN_ON_COMETBFT',
      message: `${home} is of a chain on CometBFT, of which no file is made`,
      hint: 'a node of such a chain takes the state over from others: `granary chain join --sync-from URL --trust HEIGHT:HASH`',
      details: { home },
    })
  }
}
