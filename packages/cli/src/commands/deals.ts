/** granary deals: the deals of this account. */
import { join } from 'node:path'
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

interface DealsCommandOptions extends HomeOptions, ChainOptions, PassphraseOptions, JsonOptions {}

export function addDeals(program: Command): void {
  const command = program.command('deals').description('List the deals of this account.')
  withJson(withPassphrase(withHome(withChain(command))))
  command.addHelpText('after', exitCodesHelp).action(deals)
}

async function deals(options: DealsCommandOptions): Promise<void> {
  const [{ createClient }, { formatGrn }, { interruptible }, { openChain }, { openSigner }, { printResult }, table] =
    await Promise.all([
      import('@granary/client/node'),
      import('@granary/chain/messages'),
      import('../interruptible.ts'),
      import('../open-chain.ts'),
      import('../open-signer.ts'),
      import('../print/result.ts'),
      import('../print/table.ts'),
    ])
  const folder = join(homeOf(options), 'client')
  const own = await interruptible(async (signal) => {
    const open = await openChain(options.chain, signal)
    const signer = await openSigner({ ...open, folder, passphraseFile: options.passphraseFile, signal })
    return await createClient({ chain: open.chain, signer, folder }).deals({ signal })
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
    { deals: own },
    {
      json: options.json ?? false,
      text: () =>
        own.length === 0
          ? 'no deals yet: `granary put FILE` makes one'
          : table.formatTable(['deal', 'state', 'provider', 'CID', 'locked', 'earned', 'file'], own.map(row)),
    },
  )
}
