/**
 * Whose upload a log has: a journal is of a chain and a content, and another account may use the same folder. Deals of another
 * account store the content, too, but it may leave them any time, and what it has agreed to nobody else can publish.
 */
import type { Address } from '@granary/protocol/messages'
import type { UploadState } from '../journal/upload-state.ts'

interface Offered {
  readonly state: string
  readonly terms?: { readonly client: string }
  readonly quote?: { readonly client: string }
}

/** Undefined: there is none, or it is of another account. */
export function ownUpload(found: UploadState | undefined, address: Address): UploadState | undefined {
  const isOthers = ({ quote, terms = quote }: Offered) => terms && terms.client !== address
  return found?.slots.some(isOthers) ? undefined : found
}
