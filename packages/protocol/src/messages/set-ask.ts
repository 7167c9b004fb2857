/** What a provider asks for storage, and which deals it takes. */
import { bigUint, epochs, list, text, uint } from '../codec/field.ts'
import { providerId } from '../codec/ids.ts'
import { message } from './message.ts'

export const setAsk = message({
  name: 'SetAsk',
  kind: 6,
  scope: 'daemon',
  fields: {
    provider: providerId,
    pricePerGiBEpoch: bigUint(128),
    pieceSizeMin: uint(64),
    pieceSizeMax: uint(64),
    durationMin: epochs,
    durationMax: epochs,
    profiles: list(text(32), { max: 16 }),
    /** Hundredths of a percent of the price: the most collateral that it puts up for a deal. */
    collateralShareMaxBps: uint(32),
    validUntil: epochs,
  },
})
