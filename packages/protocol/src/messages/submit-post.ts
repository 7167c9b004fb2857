/** The answer to a partition's challenge. */
import { bytes, epochs, list, uint } from '../codec/field.ts'
import { partitionNumber, providerId } from '../codec/ids.ts'
import { message, SIGNATURE_UNITS } from './message.ts'

/** One for each eight samples, of which a challenge has 200 at most. */
const SKIPS_MAX = 25

export const submitPost = message({
  name: 'SubmitPost',
  kind: 18,
  class: 'proving',
  scope: 'daemon',
  sizeMax: 2 ** 20,
  // A proof's work grows with its bytes.
  units: { base: SIGNATURE_UNITS, perKiB: 150 },
  fields: {
    provider: providerId,
    partition: partitionNumber,
    challengeEpoch: epochs,
    /** Positions of the frozen list that are not proven: ascending, each with a sample on it. */
    skipped: list(uint(32), { max: SKIPS_MAX }),
    bundle: bytes(1, 2 ** 20),
  },
})
