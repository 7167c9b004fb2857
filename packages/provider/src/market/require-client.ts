/** Whom the owner deals with: not those that it denies, and, where it names some, those alone. */
import { GranaryError } from '@granary/base'
import type { Address } from '@granary/protocol/messages'

export interface ClientLists {
  /** Where there are any, nobody else. */
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

export class ClientRefusedError extends GranaryError {
  constructor(client: Address) {
    super({
      code: 'CLIENT_REFUSED',
      message: `this provider makes no deals with ${client}`,
      hint: 'choose another provider; what it has stored for that account stays, and is served',
      details: { client },
    })
  }
}

/** @throws ClientRefusedError */
export function requireClient({ allow, deny }: ClientLists, client: Address): void {
  if (deny.includes(client) || (allow.length > 0 && !allow.includes(client))) throw new ClientRefusedError(client)
}
