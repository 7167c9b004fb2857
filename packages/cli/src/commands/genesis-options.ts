/** What a genesis is made of, wherever one is made. */
import { formatGrn } from '@granary/protocol/grn'
import { type Command, InvalidArgumentError } from 'commander'
import { grn, wholeNumber } from '../options.ts'
import { UsageError } from '../usage-error.ts'

export interface GenesisAccount {
  readonly address: `0x${string}`
  readonly balance: bigint
}

export function withAccounts(command: Command): Command {
  return command
    .option('--account <address:GRN>', 'has so much at first, such as 0x…:1000.5; once for each account', accounts)
    .option('--supply <GRN>', 'what all accounts have together, to be checked', grn)
}

export function withBlockTime(command: Command, byDefault = '5000'): Command {
  const description = `milliseconds from block to block (default: ${byDefault})`
  return command.option('--block-time <ms>', description, wholeNumber(50, 60_000))
}

/** @throws UsageError */
export function assertAccounts(
  account: readonly GenesisAccount[] | undefined,
  supply: bigint | undefined,
  hint?: string,
): asserts account is readonly GenesisAccount[] {
  if (account === undefined)
    throw new UsageError('nobody would have any money', hint ?? 'name those who have it with --account <address:GRN>')
  const sum = account.reduce((total, { balance }) => total + balance, 0n)
  if (supply !== undefined && sum !== supply)
    throw new UsageError(`the accounts have ${formatGrn(sum)}, --supply says ${formatGrn(supply)}`)
}

function accounts(text: string, before: readonly GenesisAccount[] = []): readonly GenesisAccount[] {
  const [, holder = '', amount = ''] = /^(0x[0-9a-fA-F]{40}):(.+)$/.exec(text) ?? []
  if (holder === '') throw new InvalidArgumentError('expected an address of 0x and 40 hex digits, a colon, GRN.')
  return [...before, { address: holder as `0x${string}`, balance: grn(amount) }]
}
