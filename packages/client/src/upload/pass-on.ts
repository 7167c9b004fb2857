/** What becomes of a slot whose step has failed. Few puts load it. */
import { type ErrorCode, GranaryError } from '@granary/base'
import type { CallOptions } from '../call-options.ts'
import { DealEndedError } from '../deals/follow-until.ts'
import { pricePerEpochOf } from '../providers/price-per-epoch-of.ts'
import { NoProviderError } from '../providers/rank-providers.ts'
import { vacateBroken } from './lost-provider.ts'
import type { Step } from './next-steps.ts'
import { isPriced, priceOf } from './slot-price.ts'
import { slotOf, stateOf, type UploadRun } from './upload-run.ts'

/** Errors of this side, which would be the same with every other provider. */
const NOT_THE_PROVIDERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CHAIN_ANSWER_INVALID',
  'CHAIN_BEHIND',
  'CHAIN_FOREIGN',
  'CHAIN_UNREACHABLE',
  'FILE_CHANGED',
  'INSUFFICIENT_FUNDS',
  'NO_PROVIDER',
  'PRICE_ABOVE_MAX',
  'PRICE_CHANGED',
])

/** A refusal makes the slot look for another provider, who may have the room, the collateral or the answer. */
export async function passOn(
  run: UploadRun,
  { step, slot }: Extract<Step, { readonly slot: number }>,
  error: unknown,
  call: CallOptions,
): Promise<void> {
  const { met, report, provider: named } = run
  const refusals = run.refusals.get(slot) ?? new Map<number, GranaryError>()
  // When only one provider could be asked, what it said is what there is to say.
  const [only, ...more] = refusals.values()
  if (error instanceof NoProviderError && only !== undefined && more.length === 0) throw only
  // Who cancels a deal, or finds it expired after a long sleep, has not asked for another one.
  const isBroken = step === 'follow' && error instanceof DealEndedError && error.isBroken
  const isRefusal = (step !== 'follow' && GranaryError.is(error) && !isOfThisSide(error)) || isBroken
  const found = stateOf(run).slots[slot]!
  const asked = 'provider' in found ? found.provider : undefined
  if (!isRefusal || asked === undefined || named !== undefined) throw error
  if (error.code === 'CLIENT_FUNDS_INSUFFICIENT' && !(await isRich(run, slot, call))) throw error
  run.refusals.set(slot, refusals.set(asked, error))
  met.delete(slot)
  if (isBroken) {
    await vacateBroken(run, slot, error, call)
  }
  const { message } = error
  report({ type: 'provider:refused', slot, provider: asked, name: '', reason: 'REFUSED', message })
}

/** A provider may send any code, of a chain that it does not reach, or to be rid of the client: what came over HTTP has no class of its own. */
function isOfThisSide(error: GranaryError): boolean {
  return NOT_THE_PROVIDERS.has(error.code) && error.constructor !== GranaryError
}

/** Whether there is enough for the deal of a slot, as the chain has it: a provider that says there is not may be wrong. */
async function isRich(run: UploadRun, index: number, call: CallOptions): Promise<boolean> {
  const { ports, met, feesPerDeal } = run
  const { of, ...slot } = slotOf(run, index)
  const asked = () => pricePerEpochOf(met.get(index)!.view, of.pieceSize) * BigInt(stateOf(run).duration)
  const price = isPriced(slot) ? priceOf(slot) : asked()
  const { balance } = await ports.chain.account(ports.account.address, call)
  return BigInt(balance) >= price + feesPerDeal
}
