import {
  decodeTransaction,
  hashOf,
  transactionDigest,
  typedDealRenewal,
  verifySigner,
} from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { claimedPiece, claimedProofs } from '../../../test/claimed-proofs.ts'
import { createRanch } from '../../../test/life-commands.ts'
import { signTerms, termsFor } from '../../../test/test-chain.ts'
import { createStateMachine, dealView } from '../../state/index.ts'
import { signedDigests } from './signed-digests.ts'

test('every signature that a message stands on is verified ahead, those of providers too', () => {
  const { chain, client, owner, provider } = createRanch({ stores: 1 }).real
  const { agreementId, endsAt: startsAt = 0 } = dealView(chain.state, 1)!
  const terms = [1n, 2n].map((nonce) => termsFor(chain, client.address, provider, { ...claimedPiece(3), nonce }))
  const validUntil = chain.height + 9
  const span = { startsAt, endsAt: startsAt + 1 }
  const renewal = { deal: 1, agreementId, ...span, providerCollateral: 10n ** 12n, validUntil }
  const providerSignature = owner.sign(typedDealRenewal(chain.genesisHash, renewal)) as Uint8Array
  const deals = terms.map((each) => ({ terms: each, providerSignature: signTerms(chain, owner, each) }))
  const messages = [
    chain.sign(client, 'Transfer', { to: owner.address, amount: 1n }),
    chain.sign(client, 'PublishDeal', { deals }),
    chain.sign(client, 'RenewDeal', { renewal, providerSignature }),
  ]
  const counts = messages.map((bytes) => {
    const asked = new Set<string>()
    const signer = (digest: Uint8Array, signature: Uint8Array) => {
      asked.add(hashOf(digest))
      return verifySigner(digest, signature)
    }
    const machine = createStateMachine({ reader: chain.state, verifiers: { ...claimedProofs, signer } })
    expect(machine.checkTx(bytes, 0).code).toBe('OK')
    const { tx, signature } = decodeTransaction(bytes)
    const own = { digest: transactionDigest(chain.genesisHash, tx), signature }
    const ahead = signedDigests(chain.genesisHash, tx, own).map(({ digest }) => hashOf(digest))
    expect(new Set(ahead)).toEqual(asked)
    return asked.size
  })
  expect(counts).toEqual([1, 3, 2])
})
