/**
 * A bond that leaves answers for its validator until nothing that it did while it was bonded can be reported any more: both
 * blocks and time of `unbonding` have to pass, as evidence is too old only when both have. docs/spec/chain.md section 9.
 */
import { toHex } from '@granary/base'
import type { Address, Epoch } from '@granary/protocol/messages'
import { type ChainParams, keyNumber } from '@granary/protocol/records'
import { credit, writeUnbonding } from '../money/ledger.ts'
import type { BlockContext } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'
import { forgetIfEmpty } from './bonds.ts'

/** Each is looked at when its validator is slashed. */
const UNBONDINGS_MAX = 32
/** Released a block, the oldest first. */
const RELEASES_MAX = 64

/** Of an `unbonding`, four fifths: a validator votes for some blocks more after its bond has begun to leave. */
export function evidenceBlocks({ unbonding }: Pick<ChainParams, 'unbonding'>): number {
  return Math.floor((unbonding * 4) / 5)
}

/** @throws TxError UNBONDINGS_FULL */
export function beginUnbonding({ store, height, timeMs }: BlockContext, validator: Address, amount: bigint): void {
  const own = [...tables.unbondings.entries(store, [validator])]
  const before = tables.unbondings.get(store, validator, height)
  if (own.length >= UNBONDINGS_MAX && before === undefined) {
    throw new TxError('UNBONDINGS_FULL', {
      message: `${own.length} parts of the bond are on their way back`,
      hint: 'wait for the first of them, or unbond more at once',
    })
  }
  writeUnbonding(store, validator, height, { amount: (before?.amount ?? 0n) + amount, sinceMs: timeMs })
  tables.unbondingQueue.put(store, height, validator, {})
}

export function releaseUnbonded(context: BlockContext): void {
  const { store, emit } = context
  const due: { readonly since: Epoch; readonly validator: Address }[] = []
  for (const { parts } of tables.unbondingQueue.entries(store, [])) {
    const since = keyNumber(parts[0])
    if (due.length === RELEASES_MAX || context.height < since + context.genesis.params.unbonding) break
    due.push({ since, validator: parts[1] as Address })
  }
  for (const { since, validator } of due) {
    const unbonding = tables.unbondings.get(store, validator, since)
    if (unbonding !== undefined && !isOver(context, since, unbonding.sinceMs)) break
    tables.unbondingQueue.delete(store, since, validator)
    // Nothing is left of one that was slashed whole.
    if (unbonding === undefined) continue
    const { owner, publicKey } = tables.validators.get(store, validator)!
    writeUnbonding(store, validator, since, { ...unbonding, amount: 0n })
    credit(store, owner, unbonding.amount)
    emit({ type: 'validator:released', validator: toHex(publicKey), to: owner, amount: String(unbonding.amount) })
    forgetIfEmpty(context, validator)
  }
}

/** Whether evidence of what was done at that height is too old for every node. The genesis decides it, as what the engine is told follows from it. */
export function isOver({ genesis, height, timeMs }: BlockContext, since: Epoch, sinceMs: number): boolean {
  const { unbonding } = genesis.params
  return height >= since + unbonding && timeMs >= sinceMs + unbonding * genesis.blockTimeMs
}
