/** A new provider, of the sender. */
import { address, bytes, list, peerId, text } from '../codec/field.ts'
import { message } from './message.ts'

/** What a provider says of itself, when it registers and when it changes. */
export const providerProfile = {
  payout: address,
  /** 32 bytes, authorised with all scopes of a daemon; or empty. */
  sessionKey: bytes(0, 32),
  endpoints: list(text(256), { max: 8 }),
  peerId,
  region: text(64),
  name: text(64),
}

export const registerProvider = message({
  name: 'RegisterProvider',
  kind: 4,
  scope: 'owner',
  fields: providerProfile,
})
