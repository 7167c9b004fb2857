/** The chain's node is away, as its owner is told: whoever meets it first raises it. */
import type { Alert } from '../alerts.ts'

export function unreachableAlert(error: unknown): Alert {
  return {
    code: 'CHAIN_UNREACHABLE',
    message: `the chain's node does not answer: ${Error.isError(error) ? error.message : String(error)}`,
    hint: 'look at the node and at `chainUrl` in config.json; proofs that fall due meanwhile are missed, what waits goes on by itself',
  }
}
