/** Says once, and at each start, which upgrade the validators have decided: before its height there is time to install it. */
import { RULES_KNOWN, rulesOf, type StateReader } from '../state/index.ts'
import type { EngineEvent } from './engine.ts'

export interface WatchUpgradesParts {
  readonly reader: StateReader
  /** The newest rules that the program knows. @default its own */
  readonly rulesKnown?: number | undefined
  readonly log: (event: EngineEvent) => void
}

/** @returns to be called at the start, and after each block */
export function watchUpgrades({ reader, rulesKnown = RULES_KNOWN, log }: WatchUpgradesParts): () => void {
  let said: number | undefined
  return () => {
    const { upgrade } = rulesOf(reader)
    if (upgrade === undefined || upgrade.height === said) return
    said = upgrade.height
    log({ type: 'upgrade:planned', ...upgrade, known: upgrade.rules <= rulesKnown })
  }
}
