/**
 * Which rules make the next block. They have numbers, one after the other; the genesis begins with the first, and a vote names
 * the height from which on the next one counts. A program knows all of them up to its own newest. docs/spec/governance.md.
 */
import { GranaryError } from '@granary/base'
import type { Epoch } from '@granary/protocol/messages'
import type { Rules } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'

/** The newest rules that this program knows. */
export const RULES_KNOWN = 1

const FIRST: Rules = { version: 1, nextProposal: 1, upgrade: undefined }

export function rulesOf(reader: StateReader): Rules {
  return tables.rules.get(reader) ?? FIRST
}

/** UPGRADE_REQUIRED: the chain goes on by rules that this program does not know. Nothing is wrong with the state. */
export class UpgradeRequiredError extends GranaryError {
  constructor(height: Epoch, { rules, release, known }: { rules: number; release: string; known: number }) {
    const which = release === '' ? 'a newer release of granary' : release
    super({
      code: 'UPGRADE_REQUIRED',
      message: `block ${height} needs rules ${rules}, this program knows them up to ${known}: ${which} is needed`,
      hint: `install ${which} and start the node again: it goes on behind block ${height - 1}, and nothing is lost. Started as it is, this program says the same`,
      details: { height, rules, release, known },
    })
  }
}

/** @param height of the next block @returns why a program that knows these cannot make it */
export function upgradeRequired(reader: StateReader, height: Epoch, known: number): UpgradeRequiredError | undefined {
  const { version, upgrade } = rulesOf(reader)
  if (version > known) return new UpgradeRequiredError(height, { rules: version, release: '', known })
  if (upgrade === undefined || height < upgrade.height || upgrade.rules <= known) return undefined
  return new UpgradeRequiredError(height, { ...upgrade, known })
}

/** At the beginning of each block: those that it is made by. */
export function beginRules({ store, height, emit }: BlockContext): void {
  const rules = rulesOf(store)
  if (rules.upgrade?.height !== height) return
  tables.rules.put(store, { ...rules, version: rules.upgrade.rules, upgrade: undefined })
  emit({ type: 'rules:changed', rules: rules.upgrade.rules, release: rules.upgrade.release })
}
