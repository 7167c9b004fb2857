/**
 * BondValidator: money of the sender stands in for a validator, whose power follows it. The first bond of a key says whose it is;
 * later ones add to it.
 *
 * Signed by the account that pays, or a session key of it with that scope; and, for the first bond, by the key of the validator.
 * Costs its fee.
 * Refuses an amount of zero (AMOUNT_ZERO), or of more than the sender has (INSUFFICIENT_FUNDS); a bond below the least
 * (BOND_TOO_SMALL); a key that has not signed for the sender (VALIDATOR_SIGNATURE_INVALID), that another account has bonded
 * (VALIDATOR_NOT_OWNED), or that has voted twice at one height (VALIDATOR_SLASHED).
 */
import { toHex } from '@granary/base'
import { type Address, type Hash, possessionDigest } from '@granary/protocol/messages'
import { ed25519 } from '@noble/curves/ed25519.js'
import { debit } from '../money/ledger.ts'
import type { Claims } from '../store/claims.ts'
import type { Effect } from '../store/context.ts'
import { TxError } from '../store/errors.ts'
import { tables } from '../store/tables.ts'
import { placeValidator, requireBondMin, requireOwner } from '../validators/bonds.ts'
import { validatorOf } from '../validators/power.ts'

export const bondValidator: Effect<'BondValidator'> = (context, { validator: publicKey, amount, possession }) => {
  const { store, sender, genesisHash, emit } = context
  if (amount === 0n) {
    throw new TxError('AMOUNT_ZERO', { message: 'a bond of nothing', hint: 'name an amount above zero' })
  }
  const validator = validatorOf(publicKey)
  const before = tables.validators.get(store, validator)
  if (before === undefined) requirePossession(genesisHash, sender, { publicKey, possession })
  else requireOwner(before, sender)
  if (before?.jailed === 'signed-twice') {
    throw new TxError('VALIDATOR_SLASHED', {
      message: `the key ${toHex(publicKey)} has voted twice at one height`,
      hint: 'bond another key: `granary chain validator unbond` takes back what is left of this one',
    })
  }
  const bond = (before?.bond ?? 0n) + amount
  requireBondMin(context, bond)
  debit(store, sender, amount)
  const { jailed, jailedUntil } = before ?? { jailed: 'no', jailedUntil: 0 }
  placeValidator(context, validator, { before, next: { publicKey, owner: sender, bond, jailed, jailedUntil } })
  emit({ type: 'validator:bonded', validator: toHex(publicKey), owner: sender, amount: String(amount) })
}

export const bondValidatorClaims: Claims<'BondValidator'> = {
  outflow: (_, { amount }) => amount,
}

function requirePossession(
  genesisHash: Hash,
  owner: Address,
  { publicKey, possession }: { readonly publicKey: Uint8Array; readonly possession: Uint8Array },
): void {
  if (isSigned(possession, possessionDigest(genesisHash, owner), publicKey)) return
  throw new TxError('VALIDATOR_SIGNATURE_INVALID', {
    message: `the key ${toHex(publicKey)} has not signed for ${owner}`,
    hint: '`granary chain validator bond` signs with the validator.key of a home',
  })
}

function isSigned(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    // As session keys: one verdict for one encoding, and no key of small order.
    return ed25519.verify(signature, digest, publicKey, { zip215: false })
  } catch {
    return false
  }
}
