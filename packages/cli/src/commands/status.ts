/** granary status CID: who holds it, what is proven and paid. */
import type { ContentStatus, DealStatus } from '@granary/client/node'
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import { type ChainOptions, type JsonOptions, withChain, withJson } from '../options.ts'

interface StatusCommandOptions extends ChainOptions, JsonOptions {}

export function addStatus(program: Command): void {
  const command = program
    .command('status')
    .description('Show who holds a CID, what is proven and what is paid; no key is needed.')
    .argument('<cid>', 'root CID of a file, or the CID of a piece')
  withJson(withChain(command))
  command.addHelpText('after', exitCodesHelp).action(status)
}

async function status(cid: string, options: StatusCommandOptions): Promise<void> {
  const [client, { formatGrn }, { interruptible }, { openChain }, { printResult }, { printable }] = await Promise.all([
    import('@granary/client/node'),
    import('@granary/chain/messages'),
    import('../interruptible.ts'),
    import('../open-chain.ts'),
    import('../print/result.ts'),
    import('../print/printable.ts'),
  ])
  const result = await interruptible(async (signal) => {
    const { chain } = await openChain(options.chain, signal)
    return await client.status(chain, cid, { signal })
  })
  printResult(result, {
    json: options.json ?? false,
    text: (data) => describe(data, { grn: (amount) => formatGrn(BigInt(amount)), printable }),
  })
}

interface Words {
  readonly grn: (amount: string) => string
  readonly printable: (words: string) => string
}

function describe({ cid, deals }: ContentStatus, words: Words): string {
  return [cid, ...deals.map((deal) => describeDeal(deal, words))].join('\n')
}

function describeDeal(deal: DealStatus, { grn, printable }: Words): string {
  const where =
    deal.sector === null ? 'not in a sector yet' : `sector ${deal.sector}, partition ${deal.partition ?? '-'}`
  const proof = deal.lastProven === null ? 'not proven yet' : `last proven at epoch ${deal.lastProven}`
  const due = deal.proofDueBy === null ? '' : `, next proof due by epoch ${deal.proofDueBy}`
  const end = deal.endsAt === null ? '' : `, ends at epoch ${deal.endsAt}`
  const name = deal.providerName && ` (${deal.providerName})`
  return [
    `deal ${deal.id}: ${deal.state}${deal.faulty ? ', proof missed' : ''}${end}`,
    printable(`  provider  ${deal.provider}${name} at ${deal.endpoint ?? 'no address'}`),
    `  storage   ${where}; ${proof}${due}; ${deal.provenEpochs} epochs proven, ${deal.faultedEpochs} missed`,
    `  money     ${grn(deal.price)}: ${grn(deal.paid)} paid, ${grn(deal.earned)} earned, ${grn(deal.locked)} locked, ${grn(deal.refunded)} refunded, ${grn(deal.burnt)} burnt`,
  ].join('\n')
}
