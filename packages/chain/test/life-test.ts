/** The model-based test of deals and sectors, for as many lives as its tier has time for. A life that fails shrinks, and is printed. */
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { createRanch, lifeCommands, type Ranch } from './life-commands.ts'
import type { LifeModel } from './life-model.ts'

const HAPPENS = [
  'deal:published',
  'deal:active',
  'deal:lapsed',
  'deal:cancelled',
  'deal:extended',
  'deal:paid',
  'deal:expired',
  'deal:terminated',
  'sector:expired NOT_PROVEN',
  'sector:expired EXPIRED',
  'sector:terminated REQUESTED',
  'sector:terminated FAULT_TOO_OLD',
  'fault:declared',
  'fault:skipped',
  'post:accepted',
  'post:missed',
  'recovery:accepted',
  'recovery:missed',
]

/** @param seed of all lives @default a new one */
export function lifeTest({ lives, seed, timeoutMs }: { lives: number; seed?: number; timeoutMs: number }): void {
  test(
    `in ${lives} lives of deals and sectors, each status and each amount is what the rules say, block by block`,
    () => {
      const seen = new Set<string>()
      const live = (commands: Iterable<fc.Command<LifeModel, Ranch>>): void => {
        const ranch = createRanch({ stores: 2 })
        fc.modelRun(() => ranch, commands)
        for (const event of ranch.real.chain.events) {
          seen.add('reason' in event ? `${event.type} ${event.reason}` : event.type)
        }
      }
      const commands = fc.commands(lifeCommands, { maxCommands: 60, size: 'max' })
      fc.assert(fc.property(commands, live), { numRuns: lives, ...(seed === undefined ? {} : { seed }) })
      expect([...seen]).toEqual(expect.arrayContaining(HAPPENS))
    },
    timeoutMs,
  )
}
