/**
 * The randomness of a devnet: rounds of the drand scheme signed with a key that lies in the node's own folder, so who
 * has that folder knows every round beforehand. docs/spec/chain.md, section 6.
 */
import { equalBytes } from '@granary/base'
import type { BeaconEntry } from '@granary/protocol/messages'
import { beaconPublicKey, signBeaconRound, type Verifiers, verifyBeaconRound } from '../state/index.ts'
import type { BeaconSource } from './beacon-source.ts'

export interface LocalBeacon extends BeaconSource {
  /** What the reference takes, at a tenth of its price for a round that this beacon has signed: it need not pair what it knows. */
  readonly verifies: NonNullable<Verifiers['beacon']>
}

export function createLocalBeacon(secretKey: Uint8Array): LocalBeacon {
  const ownKey = beaconPublicKey(secretKey)
  // A round lasts several blocks; signing it costs milliseconds.
  let last: BeaconEntry | undefined
  function entry(round: number): BeaconEntry {
    if (last?.round !== round) last = { round, signature: signBeaconRound(secretKey, round) }
    return last
  }
  return {
    want: () => undefined,
    entry,
    newest: () => undefined,
    verifies: (publicKey, round, signature) =>
      (publicKey === ownKey && equalBytes(signature, entry(round).signature)) ||
      verifyBeaconRound(publicKey, round, signature),
  }
}
