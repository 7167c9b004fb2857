/** See signed-rounds.ts. */
import { signBeaconRound } from '../src/state/index.ts'

const ROUNDS = 640
const KEY = new Uint8Array(32).fill(7)
for (let round = 1; round <= ROUNDS; round++) process.stdout.write(signBeaconRound(KEY, round))
