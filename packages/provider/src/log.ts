import type { Stake } from '@granary/protocol/market'
import { isAlertCode, stakes } from './stakes.ts'

/** One event a call; what prints it is the caller's choice. */
export type Log = (event: { readonly type: string; readonly [field: string]: unknown }) => void

/**
 * Every line says when, and how much it matters: an alert asks for its owner, a warning is dealt with by the program. Either
 * says what it threatens and what to do about it; where its event does not, nothing but patience helps.
 */
export function withTimeAndLevel(log: Log, nowMs: () => number = Date.now): Log {
  return (event) => {
    const line = { time: new Date(nowMs()).toISOString(), level: levelOf(event.type), ...event }
    log(line.level === 'info' ? line : { ...line, stake: stakeOf(event), hint: PATIENCE, ...event })
  }
}

const PATIENCE = 'It is tried again by itself. If it stays, please report it with the lines before it.'

/** By its code where that has a row, else by what it is about. */
function stakeOf({ type, code }: { readonly type: string; readonly code?: unknown }): Stake {
  if (isAlertCode(code)) return stakes[code]
  if (/^(post|proving|sector|sealing|health)\b/.test(type)) return 'proofs'
  if (/^(piece|block|volume|disk)\b/.test(type)) return 'data'
  return /^(order|deal)\b/.test(type) ? 'money' : 'service'
}

function levelOf(type: string): string {
  if (/:missed$|sector:failed$/.test(type)) return 'alert'
  return /failed|:error$|:retry$|:lost$|refused|:not-|:unreachable$/.test(type) ? 'warn' : 'info'
}
