/**
 * The set of validators that the engine runs with follows the bonds: the most powerful that may be in it, a bounded number of
 * changes a block, and never an empty one. docs/spec/chain.md section 9.
 */
import { toHex } from '@granary/base'
import type { Address } from '@granary/protocol/messages'
import type { Seat } from '@granary/protocol/records'
import type { BlockContext } from '../store/context.ts'
import type { StateReader } from '../store/store.ts'
import { tables } from '../store/tables.ts'
import { forgetIfEmpty } from './bonds.ts'
import { POWER_MAX } from './power.ts'

/** A light client follows each of them, and who is new has to be reached by all others. */
const CHANGES_MAX = 8

/** @returns what the engine is told: it follows from the block after the next on */
export function changeSeats(context: BlockContext): readonly Seat[] {
  const { store, emit } = context
  if (tables.seatsBehind.get(store) === undefined) return []
  const wanted = wantedSeats(context)
  // Rather those who are there, jailed or not, than nobody.
  if (wanted.size === 0) return []
  const seated = new Map([...tables.seats.entries(store, [])].map(({ parts, value }) => [parts[0] as Address, value]))
  const changes = nextChanges(seated, wanted, context.params.validatorsMax)
  for (const [validator, seat] of changes) {
    if (seat.power === 0) {
      tables.seats.delete(store, validator)
      forgetIfEmpty(context, validator)
    } else tables.seats.put(store, validator, seat)
    emit({ type: 'validator:power', validator: toHex(seat.publicKey), power: seat.power })
  }
  if (changes.length < CHANGES_MAX) tables.seatsBehind.delete(store)
  return changes.map(([, seat]) => seat)
}

/** All of a state that the engine has to run with. */
export function seatsOf(reader: StateReader): readonly Seat[] {
  return [...tables.seats.entries(reader, [])].map(({ value }) => value)
}

/** By what the bonds say now. */
function wantedSeats({ store, params }: BlockContext): ReadonlyMap<Address, Seat> {
  const wanted = new Map<Address, Seat>()
  for (const { parts } of tables.candidates.entries(store, [])) {
    if (wanted.size === params.validatorsMax) break
    const [rank, validator] = parts as [string, Address]
    const { publicKey } = tables.validators.get(store, validator)!
    wanted.set(validator, { publicKey, power: POWER_MAX - Number.parseInt(rank, 16) })
  }
  return wanted
}

type Change = readonly [validator: Address, seat: Seat]

/** Who leaves, who comes, and last whose power is another; at no moment more of them than there are places, or none. */
function nextChanges(
  seated: ReadonlyMap<Address, Seat>,
  wanted: ReadonlyMap<Address, Seat>,
  placesMax: number,
): readonly Change[] {
  const leaving = [...seated].filter(([validator]) => !wanted.has(validator))
  const coming = [...wanted].filter(([validator]) => !seated.has(validator))
  const moved = [...wanted].filter(([validator, { power }]) => {
    const seat = seated.get(validator)
    return seat !== undefined && seat.power !== power
  })
  const leaves = ([validator, { publicKey }]: Change): Change => [validator, { publicKey, power: 0 }]
  const changes: Change[] = []
  let size = seated.size
  while (changes.length < CHANGES_MAX) {
    if (leaving.length > 0 && size > 1) {
      changes.push(leaves(leaving.shift()!))
      size -= 1
    } else if (coming.length > 0 && size < placesMax) {
      changes.push(coming.shift()!)
      size += 1
    } else if (leaving.length > 0 && coming.length > 0 && changes.length + 2 <= CHANGES_MAX) {
      changes.push(leaves(leaving.shift()!), coming.shift()!)
    } else break
  }
  return [...changes, ...moved.slice(0, CHANGES_MAX - changes.length)]
}
