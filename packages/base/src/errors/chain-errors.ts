/** What a chain node, its home and its tools say, besides the verdicts of the chain. */

export const passingChainErrors = {
  /** A message that speaks of the same challenge, partition or sector waits already. */
  ALREADY_PENDING: { fault: 'caller', status: 409 },
  /** A message that changes the session key waits for its block. */
  KEY_CHANGING: { fault: 'nobody', status: 409 },
  /** Proofs and other messages do not wait in one lane. */
  LANE_CLASS_MIXED: { fault: 'caller', status: 409 },
  /** The node has refused as many wrong proofs of the same as it verifies. */
  PROOF_ATTEMPTS_SPENT: { fault: 'caller', status: 429 },
  /** As much waits for blocks as the node keeps. */
  MEMPOOL_FULL: { fault: 'nobody', status: 503 },
  /** As much waits to be verified as the node takes. */
  VERIFICATION_BUSY: { fault: 'nobody', status: 503 },
  /** All together send more than the node holds at once. */
  NODE_BUSY: { fault: 'nobody', status: 503, outage: true },
  /** The node is shutting down. */
  NODE_STOPPING: { fault: 'nobody', status: 503, outage: true, lost: true },
  /** As many event streams are open as the node serves. */
  STREAMS_FULL: { fault: 'nobody', status: 503 },
  /** The transaction was not in a block in the time that was waited; it still waits. */
  TX_WAIT_TIMEOUT: { fault: 'nobody', status: 504, outage: true, lost: true },
  /** The randomness of the epoch is not on the chain yet, or not any more. */
  RANDOMNESS_NOT_READY: { fault: 'nobody', status: 404, outage: true },
  /** The faucet gives no more for now. */
  FAUCET_LIMIT: { fault: 'caller', status: 429, exit: 'funds' },
  /** Nothing shows what time it is, so no block is made. */
  CLOCK_UNPROVEN: { fault: 'operator', status: 503 },
  /** The last block is ahead of the time, so no block is made until then. */
  HEAD_AHEAD: { fault: 'operator', status: 503 },
  /** No round of the beacon is new enough to make blocks with. */
  BEACON_SILENT: { fault: 'peer', status: 503 },
  /** Too few validators agree, so no block is made. */
  CONSENSUS_STALLED: { fault: 'operator', status: 503 },
  /** The node takes over the state of the chain from others. */
  NODE_SYNCING: { fault: 'nobody', status: 503, outage: true },
  /** The clock of the validator's machine is wrong, so it does not vote. */
  VALIDATOR_CLOCK_WRONG: { fault: 'operator', status: 503 },
  /** The engine that agrees on blocks does not answer its application. */
  CONSENSUS_UNREACHABLE: { fault: 'program', status: 503 },
} as const

export const chainErrors = {
  /** To replace a transaction that waits, another has to pay an eighth more. */
  REPLACEMENT_TOO_LOW: { fault: 'caller', status: 409 },
  /** Another transaction of that lane and sequence pays more. */
  SEQUENCE_TAKEN: { fault: 'caller', status: 409 },
  /** From the next block on the chain needs rules that this release does not know. */
  UPGRADE_REQUIRED: { fault: 'operator', status: 503, exit: 'upgrade' },
  /** The node knows no such transaction. */
  TX_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The node has no such block. */
  BLOCK_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The node does not keep the state of that block. */
  STATE_NOT_FOUND: { fault: 'caller', status: 404 },
  /** The body of a request is larger than any transaction. */
  BODY_TOO_LARGE: { fault: 'caller', status: 413 },
  /** Something happened that must not, and the chain stands still instead of guessing. */
  CHAIN_HALTED: { fault: 'program', status: 503 },
  /** No correct producer makes such a block. */
  BLOCK_INVALID: { fault: 'program' },
  /** The state contradicts itself. */
  STATE_INVARIANT_BROKEN: { fault: 'program' },
  /** The genesis file is none, or another chain's. */
  GENESIS_INVALID: { fault: 'operator' },
  /** The genesis takes sectors of a profile that this release does not know, or knows with other parameters. */
  GENESIS_PROFILE_UNKNOWN: { fault: 'operator' },
  /** The store has a version that this release does not know. */
  STORE_VERSION_UNKNOWN: { fault: 'operator' },
  /** The store is damaged. */
  STORE_CORRUPT: { fault: 'operator' },
  /** The file holds no snapshot that can be trusted. */
  SNAPSHOT_INVALID: { fault: 'caller' },
  /** The state of that block is not kept, so there is no snapshot of it. */
  STATE_NOT_KEPT: { fault: 'caller' },
  /** The folder has no genesis, and nobody said which chain is meant. */
  GENESIS_UNKNOWN: { fault: 'caller' },
  /** The chain runs on CometBFT, so the votes for its headers are not in the store. */
  CHAIN_ON_COMETBFT: { fault: 'caller' },
  /** No program of that name and version agrees on blocks for the node. */
  COMETBFT_MISSING: { fault: 'operator' },
  /** That CometBFT speaks another dialect. */
  COMETBFT_VERSION_WRONG: { fault: 'operator' },
  /** The file that says where a validator and its peers are reached does not say so. */
  NETWORK_INVALID: { fault: 'operator' },
  /** The home's path is too long for a socket in it. */
  SOCKET_PATH_TOO_LONG: { fault: 'operator' },
  /** The replayed blocks give another state than the stored one. */
  REPLAY_DIFFERS: { fault: 'operator' },
  /** The blocks that would have to be replayed are not kept. */
  REPLAY_NO_HISTORY: { fault: 'caller' },
  /** More blocks are to be dropped than may be. */
  PRUNE_TOO_FAR: { fault: 'caller' },
  /** What the home holds is no sound chain. */
  CHAIN_INVALID: { fault: 'operator' },
} as const
