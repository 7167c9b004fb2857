/**
 * What validators are held to: who votes twice at one height is slashed and never votes again, who votes for less than half of
 * a window stays away for a while. docs/spec/chain.md section 9.
 */
import { toHex } from '@granary/base'
import type { Address } from '@granary/protocol/messages'
import { type Jailed, keyNumber, type Validator } from '@granary/protocol/records'
import { burn, writeUnbonding } from '../money/ledger.ts'
import { BPS_ONE } from '../money/shares.ts'
import type { BlockContext } from '../store/context.ts'
import { tables } from '../store/tables.ts'
import { placeValidator } from './bonds.ts'
import type { DoubleVote, EngineReport } from './engine-report.ts'
import { isOver } from './unbonding.ts'

/** Records of slashes that are forgotten a block. */
const FORGOTTEN_MAX = 16

export function holdToReport(context: BlockContext, { absent, doubleVotes }: EngineReport): void {
  for (const each of doubleVotes) slash(context, each)
  for (const validator of absent) countAbsence(context, validator)
  forgetSlashes(context)
}

function slash(context: BlockContext, { validator, height, timeMs }: DoubleVote): void {
  const { store, params, emit } = context
  const record = tables.validators.get(store, validator)
  if (record === undefined || tables.slashes.get(store, height, validator) !== undefined) return
  tables.slashes.put(store, height, validator, { timeMs })
  const lost = (amount: bigint): bigint =>
    (amount * BigInt(params.doubleSignSlashBps) + BigInt(BPS_ONE) - 1n) / BigInt(BPS_ONE)
  let burnt = lost(record.bond)
  jail(context, validator, { ...record, bond: record.bond - burnt }, 'signed-twice')
  for (const { parts, value } of [...tables.unbondings.entries(store, [validator])]) {
    const part = lost(value.amount)
    writeUnbonding(store, validator, keyNumber(parts[1]), { ...value, amount: value.amount - part })
    burnt += part
  }
  burn(store, burnt)
  emit({ type: 'validator:slashed', validator: toHex(record.publicKey), height, amount: String(burnt) })
}

function countAbsence(context: BlockContext, validator: Address): void {
  const { store, params, height } = context
  const record = tables.validators.get(store, validator)
  // Who has left votes for two blocks more, or does not.
  if (record === undefined || record.jailed !== 'no' || tables.seats.get(store, validator) === undefined) return
  const window = Math.floor(height / params.livenessWindow)
  const before = tables.absences.get(store, validator)
  const missed = before?.window === window ? before.missed + 1 : 1
  if (2 * missed <= params.livenessWindow) {
    tables.absences.put(store, validator, { window, missed })
    return
  }
  tables.absences.delete(store, validator)
  jail(context, validator, record, 'silent')
}

function jail(context: BlockContext, validator: Address, next: Validator, reason: Exclude<Jailed, 'no'>): void {
  const { store, params, height, emit } = context
  const before = tables.validators.get(store, validator)!
  const jailedUntil = height + params.jailTime
  placeValidator(context, validator, { before, next: { ...next, jailed: reason, jailedUntil } })
  if (before.jailed === reason) return
  emit({ type: 'validator:jailed', validator: toHex(next.publicKey), reason, until: jailedUntil })
}

/** Nobody takes evidence that is so old: the same can never be reported again. */
function forgetSlashes(context: BlockContext): void {
  const { store } = context
  const old: (readonly [number, Address])[] = []
  for (const { parts, value } of tables.slashes.entries(store, [])) {
    const height = keyNumber(parts[0])
    if (old.length === FORGOTTEN_MAX || !isOver(context, height, value.timeMs)) break
    old.push([height, parts[1] as Address])
  }
  for (const [height, validator] of old) tables.slashes.delete(store, height, validator)
}
