/** What a record that stays for ever costs, by the parameters alone: a client says it before it signs. docs/spec/chain.md section 4. */

const PROVIDER_TIMES = 10n
const DEALS_PER_ACCOUNT = 5n

export interface RecordFeeParams {
  /** Burnt for a record that stays for ever: an account's. */
  readonly accountFee: bigint
}

/** A provider costs more than an account, because neither its number nor those of its sectors are ever used again. */
export function providerFee({ accountFee }: RecordFeeParams): bigint {
  return PROVIDER_TIMES * accountFee
}

/** For each deal that is published. */
export function dealFee({ accountFee }: RecordFeeParams): bigint {
  return accountFee / DEALS_PER_ACCOUNT
}
