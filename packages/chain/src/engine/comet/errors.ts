/** Why a node on CometBFT does not go on. */
import { GranaryError } from '@granary/base'

/** CONSENSUS_STALLED: too few validators agree, so no block comes; nothing is lost by it, and no time passes on the chain. */
export class ConsensusStalledError extends GranaryError {
  constructor(height: number, standsMs: number) {
    super({
      code: 'CONSENSUS_STALLED',
      message: `no block has come after block ${height} for ${Math.floor(standsMs / 1_000)} s: too few validators agree`,
      hint: 'more than two thirds of the voting power has to run and reach each other; the chain goes on by itself then',
      details: { height, standsMs },
    })
  }
}

/** CONSENSUS_UNREACHABLE: CometBFT of this node does not answer. */
export class ConsensusUnreachableError extends GranaryError {
  constructor(url: string, cause: unknown) {
    super({
      code: 'CONSENSUS_UNREACHABLE',
      message: `CometBFT does not answer at ${url}: ${Error.isError(cause) ? cause.message : String(cause)}`,
      hint: 'the node starts it again by itself; if it stays so, read its log',
      details: { url },
      cause,
    })
  }
}

/** NODE_SYNCING: a node that joins has no state of its own yet. */
export class NodeSyncingError extends GranaryError {
  constructor() {
    super({
      code: 'NODE_SYNCING',
      message: 'this node takes over the state of the chain from others',
      hint: 'ask another node until it has it; if that takes more than some minutes, read its log',
    })
  }
}

/** VALIDATOR_CLOCK_WRONG: the machine's clock is not what the chain knows of the time, and votes would carry it. */
export class ValidatorClockWrongError extends GranaryError {
  constructor(aheadMs: number) {
    const by = `${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs > 0 ? 'ahead' : 'behind'}`
    super({
      code: 'VALIDATOR_CLOCK_WRONG',
      message: `the clock of this machine is ${by}, so this validator does not vote`,
      hint: 'set the clock, and let it be kept by NTP; the validator goes on by itself then',
      details: { aheadMs },
    })
  }
}
