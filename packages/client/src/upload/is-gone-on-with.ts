/**
 * Whether an upload of a file alone, made before names were kept or with `wrap: false`, is gone on with although the file would
 * get a folder now: the folder makes another content of it, whose deals would be paid beside those that run.
 * docs/adr/0049-names-are-kept.md
 */
import type { DealView } from '@granary/protocol/client'
import { apply, type UploadState } from '../journal/upload-state.ts'
import { compared, ENDED } from './events-at-start.ts'

/** @param deals of this account for this content, looked at after `height` was read */
export function isGoneOnWith(earlier: UploadState | undefined, deals: readonly DealView[], height: number): boolean {
  if (deals.some(({ state }) => !ENDED.has(state))) return true
  if (earlier === undefined) return false
  const events = earlier.slots.flatMap((slot, index) => compared(index, slot, { deals, height }, () => 0n))
  const { slots } = events.reduce(apply, earlier)
  // Terms that may be signed, or bytes that a provider has.
  return slots.some((slot) => 'terms' in slot || ('uploadUrl' in slot && slot.uploadUrl !== undefined))
}
