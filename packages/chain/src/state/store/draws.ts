/**
 * How far the draws of challenges have come. What a list held in the past is kept until the draws that can still ask for it
 * have been made. docs/spec/chain.md section 3.
 */
import type { Draws } from '@granary/protocol/records'
import type { StateReader } from './store.ts'
import { tables } from './tables.ts'

export function drawsOf(store: StateReader): Draws {
  return tables.draws.get(store) ?? { through: 0, frozenAt: 0, swaps: 0 }
}
