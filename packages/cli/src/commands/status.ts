/** granary status CID: who holds it, what is proven and paid; with the account's key, its deals that have ended are settled first. */
import { join } from 'node:path'
import type { SettleProgress } from '@granary/client'
import type { ContentStatus, DealView } from '@granary/client/node'
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
import { amissText } from '../print/amiss-text.ts'
import type { CommandContext } from '../program-context.ts'

interface StatusCommandOptions extends HomeOptions, ChainOptions, PassphraseOptions, JsonOptions {}

export function addStatus(program: Command, context: CommandContext): void {
  const command = program
    .command('status')
    .description(
      'Show who holds a CID, what is proven and what is paid; no key is needed, and with one your ended deals are settled.',
    )
    .argument('<cid>', 'root CID of a file, or the CID of a piece')
  withJson(withPassphrase(withHome(withChain(command))))
  command
    .addHelpText('after', exitCodesHelp)
    .action((cid: string, options: StatusCommandOptions) => status(cid, options, context))
}

async function status(cid: string, options: StatusCommandOptions, context: CommandContext): Promise<void> {
  const [
    client,
    times,
    { formatAmount },
    { patiently },
    { openChain },
    { findAccount },
    { printResult },
    words,
    settling,
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../print/times.ts'),
    import('../print/amounts.ts'),
    import('../print/patiently.ts'),
    import('../open-chain.ts'),
    import('../open-signer.ts'),
    import('../print/result.ts'),
    import('../print/printable.ts'),
    import('../print/settlement.ts'),
  ])
  const { printable } = words
  const folder = join(homeOf(options), 'client')
  const settled: SettleProgress[] = []
  const { content, devnet, time } = await patiently(context, async (signal) => {
    const { chain, devnet } = await openChain(options, signal)
    const account = await findAccount({ devnet, folder, passphraseFile: options.passphraseFile })
    const onProgress = (progress: SettleProgress) => settled.push(progress)
    const content = await client.status({ chain, signer: account?.signer, journal: client.journalIn(folder) }, cid, {
      signal,
      onProgress,
    })
    // Asked last: what is proven meanwhile is not of the future.
    return { content, devnet, time: await chain.status({ signal }) }
  })
  const date = (epoch: number) => times.formatEpoch(epoch, time)
  const epochs = (count: number) => times.formatEpochs(count, time)
  const goesOn = ({ goingOn }: DealView) => {
    if (goingOn === null) return []
    const { extendableUntil, pricePerMonth, order } = goingOn
    if (order !== null) {
      return [
        `goes on until ${date(order.until)} by its standing order, ${formatAmount(pricePerMonth)} a month${amissText(order)}`,
      ]
    }
    const how = extendableUntil === null ? 'as its provider agrees' : `by anybody up to ${date(extendableUntil)}`
    return [`${formatAmount(pricePerMonth)} for 30 days more, ${how}`]
  }
  const ending = ({ awaitsSettlement, locked, claim }: DealView) => [
    ...(awaitsSettlement ? [settling.lockedText(locked, devnet)] : []),
    ...(claim === null ? [] : [settling.claimText(claim)]),
  ]
  printResult(
    context,
    { ...content, settlement: settled[0] ?? null },
    {
      json: options.json ?? false,
      text: (data) =>
        [
          describe(data, { grn: formatAmount, printable, ending, date, epochs, goesOn }),
          ...settled.map(settling.settlementLine),
        ].join('\n'),
    },
  )
}

interface Words {
  readonly grn: (amount: string) => string
  readonly printable: (words: string) => string
  readonly date: (epoch: number) => string
  readonly epochs: (count: number) => string
  /** What it costs that the deal goes on. */
  readonly goesOn: (deal: DealView) => string[]
  /** What is to be said of the end of a deal. */
  readonly ending: (deal: DealView) => string[]
}

function describe({ cid, deals }: ContentStatus, words: Words): string {
  return [cid, ...deals.map((deal) => describeDeal(deal, words))].join('\n')
}

/** Before its first challenge, or since its sector is over: then the chain no longer says when the last was. */
function notProven({ provenEpochs }: DealView): string {
  return provenEpochs === 0 ? 'not proven yet' : 'its sector is over'
}

function describeDeal(deal: DealView, { grn, printable, ending, date, epochs, goesOn }: Words): string {
  const where =
    deal.sector === null ? 'not in a sector yet' : `sector ${deal.sector}, partition ${deal.partition ?? '-'}`
  const proof = deal.lastProven === null ? notProven(deal) : `last proven ${date(deal.lastProven)}`
  const due = deal.proofDueBy === null ? '' : `; next proof due ${date(deal.proofDueBy)}`
  const end = deal.endsAt === null ? '' : `, ends ${date(deal.endsAt)}`
  const name = deal.providerName && ` (${deal.providerName})`
  return [
    `deal ${deal.id}: ${deal.state}${deal.faulty ? ', proof missed' : ''}${end}`,
    printable(`  provider  ${deal.provider}${name} at ${deal.endpoint ?? 'no address'}`),
    `  storage   ${where}; ${proof}${due}; ${epochs(deal.provenEpochs)} proven, ${epochs(deal.faultedEpochs)} missed`,
    `  money     ${grn(deal.price)}: ${grn(deal.paid)} paid, ${grn(deal.earned)} earned, ${grn(deal.locked)} locked, ${grn(deal.refunded)} refunded, ${grn(deal.compensated)} compensated, ${grn(deal.burnt)} burnt`,
    ...goesOn(deal).map((line) => `  go on     ${line}`),
    ...ending(deal).map((line) => `  end       ${line}`),
  ].join('\n')
}
