/**
 * Whether a deal or a sector is over, by the state that the chain's validators have signed. What is over is given up for good, its
 * files are removed, so no word of a node is enough for that (docs/adr/0096-an-end-is-proven.md).
 */
import { GranaryError, isAbortError } from '@granary/base'
import type { ProvenState } from '@granary/protocol/light'
import { dealStateOf, dealStatusOf, recordTables } from '@granary/protocol/records'
import type { Alerts } from '../alerts.ts'
import type { SignedState } from './signed-state.ts'

export interface ProvenEnds {
  /** @param saidAt the height at which the node says that the deal is over */
  isDealOver(id: number, saidAt: number, signal: AbortSignal): Promise<boolean>
  /** Of one that had ended, on a chain that was rolled back since. @param saidAt the height at which the node says that it runs */
  isDealRunning(id: number, saidAt: number, signal: AbortSignal): Promise<boolean>
  /** Also one that the chain does not know. */
  isSectorOver(number: number, saidAt: number, signal: AbortSignal): Promise<boolean>
  /** The node says, again, that it is not over. */
  goesOn(what: 'deal' | 'sector', number: number): void
}

export interface ProvenEndsInput {
  readonly signed: SignedState
  readonly providerId: number
  readonly alerts: Alerts
}

/** What their hints say is the owner's to do. */
const OWN_HINT: ReadonlySet<string> = new Set(['TRUST_EXPIRED', 'CHAIN_DIVERGES'])
const HINT =
  'the node is broken, or somebody who stands before it lies: name another one with `chainUrl`, best one of your own'
const running: ReadonlySet<string> = new Set(['published', 'committed', 'active'])
const living: ReadonlySet<string> = new Set(['precommitted', 'active'])

export function createProvenEnds({ signed, providerId, alerts }: ProvenEndsInput): ProvenEnds {
  /** By what it is about: the height at which the node said so first. */
  const said = new Map<string, number>()
  /** By the deal that had ended: the height at which the node said first that it runs. */
  const again = new Map<number, number>()

  async function isOver(
    subject: string,
    saidAt: number,
    signal: AbortSignal,
    read: (state: ProvenState) => Promise<boolean>,
  ): Promise<boolean> {
    const since = said.get(subject) ?? saidAt
    said.set(subject, since)
    try {
      const state = await signed.newest(signal)
      if (await read(state)) {
        clear(subject)
        return true
      }
      // A state is named by the header of the block after it: the newest may be from before the end.
      if (state.height >= since) doubt(subject, `the state of block ${state.height} shows that it is not`)
    } catch (error) {
      if (signal.aborted || isAbortError(error)) throw error
      const knows = GranaryError.is(error) && OWN_HINT.has(error.code)
      doubt(
        subject,
        `does not prove it: ${Error.isError(error) ? error.message : String(error)}`,
        knows ? error.hint : HINT,
      )
    }
    return false
  }

  function doubt(subject: string, why: string, hint = HINT): void {
    alerts.raise({
      code: 'END_NOT_PROVEN',
      subject,
      message: `${signed.url} says that ${subject} is over, and ${why}: nothing of it is given up`,
      hint,
    })
  }

  function clear(subject: string): void {
    said.delete(subject)
    alerts.clear('END_NOT_PROVEN', subject)
  }

  const { deals, sectors } = recordTables

  /** Undefined: there is none. */
  async function isRunning(state: ProvenState, id: number, signal: AbortSignal): Promise<boolean | undefined> {
    const deal = await state.record(deals, [id], { signal })
    if (deal === undefined) return undefined
    const { sector: number, terms } = deal
    const sector = number === undefined ? undefined : await state.record(sectors, [terms.provider, number], { signal })
    return running.has(dealStateOf(deal, dealStatusOf(deal, sector, state.height), state.height))
  }

  return {
    isDealOver: (id, saidAt, signal) =>
      isOver(`deal ${id}`, saidAt, signal, async (state) => (await isRunning(state, id, signal)) === false),
    isDealRunning: async (id, saidAt, signal) => {
      const since = again.get(id) ?? saidAt
      again.set(id, since)
      try {
        const state = await signed.newest(signal)
        // An older one may be from before its end.
        if (state.height < since || (await isRunning(state, id, signal)) !== true) return false
      } catch (error) {
        if (signal.aborted || isAbortError(error)) throw error
        return false
      }
      again.delete(id)
      return true
    },
    isSectorOver: (number, saidAt, signal) =>
      isOver(`sector ${number}`, saidAt, signal, async (state) => {
        const sector = await state.record(sectors, [providerId, number], { signal })
        return sector === undefined || !living.has(sector.status)
      }),
    goesOn: (what, number) => clear(`${what} ${number}`),
  }
}
