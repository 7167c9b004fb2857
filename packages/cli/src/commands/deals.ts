/** granary deals: the deals of this account; with its key, those that have ended are settled first. */
import { join } from 'node:path'
import type { SettleProgress } from '@granary/client'
import type { OwnDeal } from '@granary/client/node'
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import {
  type ChainOptions,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  type PassphraseOptions,
  withChain,
  withHome,
  withJson,
  withPassphrase,
} from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface DealsCommandOptions extends HomeOptions, ChainOptions, PassphraseOptions, JsonOptions {}

export function addDeals(program: Command, context: CommandContext): void {
  const command = program
    .command('deals')
    .description('List the deals of this account; with its key, those that have ended are settled first.')
  withJson(withPassphrase(withHome(withChain(command))))
  command.addHelpText('after', exitCodesHelp).action((options: DealsCommandOptions) => deals(options, context))
}

async function deals(options: DealsCommandOptions, context: CommandContext): Promise<void> {
  const [client, { formatGrn }, { interruptible }, { openChain }, { findAccount }, { printResult }, settlement, table] =
    await Promise.all([
      import('@granary/client/node'),
      import('@granary/protocol/messages'),
      import('../interruptible.ts'),
      import('../open-chain.ts'),
      import('../open-signer.ts'),
      import('../print/result.ts'),
      import('../print/settlement.ts'),
      import('../print/table.ts'),
    ])
  const folder = join(homeOf(options), 'client')
  const settled: SettleProgress[] = []
  const { own, devnet } = await interruptible(async (signal) => {
    const { chain, status } = await openChain(options.chain, signal)
    const { devnet } = status
    const account = await findAccount({ status, folder, passphraseFile: options.passphraseFile })
    if (account === undefined) return { own: [], devnet }
    const onProgress = (progress: SettleProgress) => settled.push(progress)
    return { own: await client.deals({ chain, folder, ...account }, { signal, onProgress }), devnet }
  })
  const row = ({ id, state, terms, locked, earned, paid, path }: OwnDeal) => [
    `${id}`,
    state,
    `${terms.provider}`,
    terms.rootCid ?? terms.pieceCid,
    formatGrn(BigInt(locked)),
    formatGrn(BigInt(paid) + BigInt(earned)),
    path ?? '',
  ]
  printResult(
    context,
    { deals: own, settlement: settled[0] ?? null },
    {
      json: options.json ?? false,
      text: () =>
        own.length === 0
          ? 'no deals yet: `granary put FILE` makes one'
          : [
              table.formatTable(['deal', 'state', 'provider', 'CID', 'locked', 'earned', 'file'], own.map(row)),
              ...settled.map(settlement.settlementLine),
              ...settlement.unsettledLines(own, devnet),
            ].join('\n'),
    },
  )
}
