/** What an alert threatens, a row a code: one that has none does not compile. */
import type { ErrorCode } from '@granary/base'
import type { Stake } from '@granary/protocol/market'

export const stakes = {
  COPY_DIFFERS: 'data',
  PIECE_DAMAGED: 'data',
  PIECE_UNREADABLE: 'data',
  DEAL_ADOPTED: 'data',
  END_NOT_PROVEN: 'data',
  SET_ASIDE: 'data',
  SECTOR_FOLDER_FOREIGN: 'data',
  DISK_FAILED: 'data',
  FOLDER_UNREADABLE: 'data',
  ANSWER_LATE: 'proofs',
  CHAIN_UNREACHABLE: 'proofs',
  CHAIN_BEHIND: 'proofs',
  CHAIN_FOREIGN: 'proofs',
  CHAIN_ROLLED_BACK: 'proofs',
  FEES_LOW: 'proofs',
  FEES_SHORT: 'proofs',
  PARTITION_FAULTY: 'proofs',
  PROOF_LATE: 'proofs',
  SECTOR_DAMAGED: 'proofs',
  SESSION_KEY_ENDS: 'proofs',
  SKIP_NOT_COVERED: 'proofs',
  VOLUME_AWAY: 'proofs',
  VOLUME_TAKEN: 'proofs',
  PROVIDER_NOT_REGISTERED: 'proofs',
  COLLATERAL_NOT_DEPOSITED: 'money',
  COLLATERAL_NOT_WITHDRAWN: 'money',
  INSUFFICIENT_FUNDS: 'money',
  PIECE_LARGER_THAN_SECTOR: 'money',
  SEALING_GIVEN_UP: 'money',
  INSUFFICIENT_COLLATERAL: 'money',
  ASK_ENDS: 'service',
  ASK_NOT_SET: 'service',
  CHAIN_STOPPED: 'service',
  CLOCK_WRONG: 'service',
  CONFIG_NOT_APPLIED: 'service',
  DENYLIST_RULES_SKIPPED: 'service',
  DISK_FULL: 'service',
  OWNER_KEY_AWAY: 'service',
  PROVIDER_NOT_UPDATED: 'service',
  QUEUE_UNAVAILABLE: 'service',
  VOLUMES_MISSING: 'service',
  VOLUME_READ_ONLY: 'service',
  WORKERS_MISSING: 'service',
} as const satisfies { readonly [Code in ErrorCode]?: Stake }

export type AlertCode = keyof typeof stakes

export function isAlertCode(code: unknown): code is AlertCode {
  return typeof code === 'string' && Object.hasOwn(stakes, code)
}
