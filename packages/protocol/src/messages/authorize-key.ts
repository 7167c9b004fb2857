/** Lets an ed25519 key sign for the sender's account. */
import { bigUint, bytes32, epochs, list, text } from '../codec/field.ts'
import { message } from './message.ts'

export const authorizeKey = message({
  name: 'AuthorizeKey',
  kind: 2,
  scope: 'owner',
  fields: {
    publicKey: bytes32,
    /** Message names, `terms` for DealTerms and Quotes, `login` for Logins. */
    scopes: list(text(32), { max: 32 }),
    /** The last epoch in which the key may sign. */
    expires: epochs,
    /** What may leave the account's balance by this key, fees included. */
    spendingLimit: bigUint(128),
  },
})
