import { dealTermsToJson, quoteToJson } from '@granary/protocol/messages'
import { expect, test } from '@jest/globals'
import { aQuote, clientSigner, ownerSigner, someTerms } from '../../test/a-deal.ts'
import { genesisHash } from '../../test/chain-answers.ts'
import type { Slot, SlotState, UploadState } from '../journal/upload-state.ts'
import { ownUpload } from './own-upload.ts'

const terms = dealTermsToJson(someTerms())
const quote = quoteToJson(aQuote())
const agreement = {
  provider: 1000,
  terms,
  agreementId: genesisHash,
  providerSignature: '0x00',
  uploadUrl: 'u',
} as const

function upload(...slots: readonly SlotState[]): UploadState {
  return {
    ...{ genesisHash, rootCid: 'bafy', name: 'f', fileBytes: 1, duration: 1, pieces: [] },
    slots: slots.map((slot, copy): Slot => ({ piece: 0, copy, ...slot })),
  }
}

test.each<[string, SlotState]>([
  ['quoted', { state: 'quoted', provider: 1000, quote }],
  ['agreed', { ...agreement, state: 'agreed' }],
  ['active', { ...agreement, state: 'active', dealId: 1 }],
])('an upload that is %s is gone on with by the account that began it, and by no other', (_, slot) => {
  const found = upload({ state: 'vacant' }, slot)
  expect(ownUpload(found, clientSigner.address)).toBe(found)
  expect(ownUpload(found, ownerSigner.address)).toBeUndefined()
})

test('before a price was asked for, an upload is anybody’s', () => {
  const found = upload({ state: 'vacant' }, { state: 'chosen', provider: 1000 })
  expect(ownUpload(found, ownerSigner.address)).toBe(found)
  expect(ownUpload(undefined, ownerSigner.address)).toBeUndefined()
})
