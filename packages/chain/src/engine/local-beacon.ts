/**
 * The randomness of a devnet: rounds of the drand scheme signed with a key that lies in the node's own folder, so who
 * has that folder knows every round beforehand. docs/spec/chain.md, section 6.
 */
import type { BeaconEntry } from '@granary/protocol/messages'
import { signBeaconRound } from '../state/index.ts'
import type { BeaconSource } from './create-embedded-engine.ts'

export function createLocalBeacon(secretKey: Uint8Array): BeaconSource {
  // A round lasts several blocks; signing it costs milliseconds.
  let last: BeaconEntry | undefined
  return {
    want: () => undefined,
    entry(round) {
      if (last?.round !== round) last = { round, signature: signBeaconRound(secretKey, round) }
      return last
    },
    newest: () => undefined,
  }
}
