import { profileNamed } from '@granary/proofs/profile'
import { computeCommD, verifyPoRep } from '@granary/proofs/verify'
import { expect, test } from '@jest/globals'
import { forgeBundle, forgeReplica } from './forge-bundle.ts'

test.each(['2KiB-test', '64GiB'])('a forged proof of %s is refused no earlier than at its columns', (name) => {
  const profile = profileNamed(name)
  const replica = forgeReplica()
  const [ticket, seed] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
  const statement = {
    profile,
    provider: 1_000,
    sectorNumber: 3,
    ticket,
    seed,
    commD: computeCommD([], profile.sectorBytes),
  }
  const bundle = forgeBundle(replica, statement)
  const verdict = verifyPoRep({ ...statement, commR: replica.commR, bundle })
  expect(verdict).toEqual({ ok: false, reason: 'COLUMN_NOT_IN_COMM_C' })
})
