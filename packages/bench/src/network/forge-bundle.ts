/**
 * A proof of replication as long as a true one of a large sector, which nobody has sealed: its commitments fit what was
 * pre-committed, so that a verifier opens all columns before it refuses. That is half of the work of verifying a true one.
 */
import { randomBytes } from 'node:crypto'
import { commROf, NODE_BYTES, POREP_MAGIC } from '@granary/proofs/internal'
import { type PoRepStatement, porepBundleBytes } from '@granary/proofs/verify'

export interface ForgedReplica {
  readonly commC: Uint8Array
  readonly commRLast: Uint8Array
  readonly commR: Uint8Array
}

export function forgeReplica(): ForgedReplica {
  const [commC, commRLast] = [fieldElement(), fieldElement()]
  return { commC, commRLast, commR: commROf(commC, commRLast) }
}

export function forgeBundle({ commC, commRLast }: ForgedReplica, statement: PoRepStatement): Uint8Array {
  const bundle = new Uint8Array(randomBytes(porepBundleBytes(statement)))
  for (const [index, part] of [POREP_MAGIC, commC, commRLast].entries())
    bundle.set(part, index === 0 ? 0 : POREP_MAGIC.length + (index - 1) * NODE_BYTES)
  return bundle
}

function fieldElement(): Uint8Array {
  return new Uint8Array(randomBytes(NODE_BYTES)).with(NODE_BYTES - 1, 0)
}
