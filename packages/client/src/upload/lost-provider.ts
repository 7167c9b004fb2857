/** What is done about a provider that is lost between the publication of a deal and its proof. Few puts load it. */
import { epochTimeMs } from '@granary/protocol/epochs'
import type { CallOptions } from '../call-options.ts'
import type { DealEndedError, DealForgottenError } from '../deals/follow-until.ts'
import { settleEnded } from '../deals/settle-ended.ts'
import { lostBy } from './run-price.ts'
import { slotIn, stateOf, type UploadRun } from './upload-run.ts'

interface Away {
  readonly slot: number
  readonly provider: number
  readonly dealId: number
  /** What became of the connection. */
  readonly message: string
}

/**
 * Says until when the money of its deal is locked. Once its sector is pre-committed there is nothing to be said yet: what it has
 * sealed is on its disk.
 */
export async function tellAway(
  { ports, report, status }: UploadRun,
  { slot, provider, dealId, message }: Away,
  options: CallOptions,
): Promise<void> {
  // Without the chain it is only known that it is away.
  const deal = await ports.chain.deal(dealId, options).catch(() => undefined)
  if (deal?.state !== 'published') return report({ type: 'waiting', slot, message })
  const { lapsesAt } = deal
  const lapsesAtMs = epochTimeMs(lapsesAt, status)
  report({ type: 'provider:away', slot, provider, dealId, message, lapsesAt, lapsesAtMs })
}

/** So often a slot's deal may be gone: a chain that hides what it lists would be asked for ever. */
const FORGOTTEN_MAX = 5
const FORGOTTEN_PAUSE_MS = 1_000

/**
 * Compares the upload with a chain that has a deal of it no more, after a pause that grows: another node may answer then.
 * @throws the error itself, the sixth time
 */
export async function compareForgotten(
  { ports, report, compare, forgotten }: UploadRun,
  slot: number,
  error: DealForgottenError,
  { signal }: CallOptions,
): Promise<void> {
  const times = (forgotten.get(slot) ?? 0) + 1
  if (times > FORGOTTEN_MAX) throw error
  forgotten.set(slot, times)
  report({ type: 'waiting', slot, message: error.message })
  await ports.clock.sleep(times * FORGOTTEN_PAUSE_MS, signal)
  await compare()
}

/** Gets the money of a deal back that was not kept, and frees its slot for another provider: what it may cost is what came back. */
export async function vacateBroken(
  run: UploadRun,
  index: number,
  { code }: DealEndedError,
  options: CallOptions,
): Promise<void> {
  const { ports, report, log } = run
  const { chain, account: signer } = ports
  const { slots, spending } = stateOf(run)
  const lost = lostBy(slots[index]!, spending, run, code === 'DEAL_LAPSED')
  const { dealId } = slotIn(run, index, 'published')
  const deals = await chain.dealsById([dealId], options)
  await settleEnded({ chain, signer, deals, report }, options)
  await log.append({ type: 'slot:vacated', slot: index, lost: `${lost}` })
}
