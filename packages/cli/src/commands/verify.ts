/** granary verify CID: which deals hold it, proven from the genesis of the chain; what the proof shows and what it does not. */
import { join } from 'node:path'
import type { TrustBasis, Verified, VerifiedDeal, VerifiedStorage } from '@granary/client/node'
import type { Command } from 'commander'
import { EXIT } from '../exit-code.ts'
import { moreHelp } from '../more-help.ts'
import {
  type ChainOptions,
  type HomeOptions,
  homeOf,
  type JsonOptions,
  withChain,
  withHome,
  withJson,
  withTrustedHeader,
} from '../options.ts'
import type { CommandContext } from '../program-context.ts'

interface VerifyOptions extends HomeOptions, ChainOptions, JsonOptions {
  readonly trustedHeader?: string
}

const HELP = [
  'Shown, whatever the node says, from the genesis and what its validators have signed: that each deal is in the state of the chain, in which sector, when that was last proven, what is paid, and when the deal ends.',
  'Not shown: the bytes (`granary get` fetches and checks them), that a piece holds the content which its client says, that there are no other deals, and what came after that state.',
  'The exit code is 0 when every deal that runs is sound and none that this client has made is missing, 3 when some are sound, and 1 when none is.',
].join('\n\n')

export function addVerify(program: Command, context: CommandContext): void {
  const command = program
    .command('verify')
    .description('Prove which deals hold a CID, and since when, without believing any node; no key is needed.')
    .argument('<cid>', 'root CID of a file, or the CID of a piece')
  withJson(withHome(withTrustedHeader(withChain(command))))
    .addHelpText('after', moreHelp(HELP))
    .action((cid: string, options: VerifyOptions) => verify(cid, options, context))
}

async function verify(cid: string, options: VerifyOptions, context: CommandContext): Promise<void> {
  const [
    client,
    { formatFacts },
    { formatAmount },
    times,
    { patiently },
    { genesisOf, openChain, trustedHeaderOf },
    { printResult },
    { printable },
  ] = await Promise.all([
    import('@granary/client/node'),
    import('../print/facts.ts'),
    import('../print/amounts.ts'),
    import('../print/times.ts'),
    import('../print/patiently.ts'),
    import('../open-chain.ts'),
    import('../print/result.ts'),
    import('../print/printable.ts'),
  ])
  const folder = join(homeOf(options), 'client')
  const verified = await patiently(context, async (signal) => {
    const { chain } = await openChain(options, signal)
    const ports = { chain, trust: client.trustIn(folder), journal: client.journalIn(folder), clock: client.systemClock }
    const genesisHash = genesisOf(options.genesis)
    return await client.verify(ports, cid, { signal, genesisHash, trustedHeader: trustedHeaderOf(options) })
  })
  const exit = exitOf(verified)
  if (exit !== EXIT.ok) context.setExitCode(exit)
  const { timeMs, height, blockTimeMs } = verified.state
  // The header that names the state is that of the block after it.
  const time = { timeMs, height: height + 1, blockTimeMs }
  const blocks = (columns: number, called: (text: string) => string) =>
    [
      { content: verified.cid, ...chainFacts(verified, { date: times.formatDate(new Date(timeMs)), called }) },
      ...verified.deals.map((deal) =>
        dealFacts(deal, { epoch: (at) => times.formatEpoch(at, time), amount: formatAmount, printable }),
      ),
    ].map((facts) => formatFacts(facts, { columns, nameWidth: NAME_WIDTH }))
  printResult(context, verified, {
    json: options.json ?? false,
    text: (_, columns, called) => blocks(columns, called).join('\n\n'),
  })
}

const NAME_WIDTH = 'provider'.length

/** A deal that runs is kept when its sector is sound; one that this client has made and that is not there is not kept. */
function exitOf({ deals, missing }: Verified): number {
  const running = deals.filter(({ state }) => state === 'active')
  const sound = running.filter(({ storage }) => storage?.state === 'sound')
  if (sound.length === 0) return EXIT.failed
  return sound.length < running.length + missing.length ? EXIT.partial : EXIT.ok
}

const BASIS: Readonly<Record<TrustBasis, string>> = {
  named: 'as it was named beforehand',
  kept: 'the one that was believed at this address before',
  'first-use':
    'believed because this node says so, for the first time: compare it with what the network publishes, and name it with --genesis',
}

interface ChainWords {
  readonly date: string
  /** With the commands as they are called here. */
  readonly called: (text: string) => string
}

function chainFacts({ chain, state, missing }: Verified, { date, called }: ChainWords) {
  return {
    genesis: `${chain.genesisHash}, ${BASIS[chain.trust]}`,
    state: `after block ${state.height}, signed ${date} in header ${state.headerHash}`,
    bytes: called('not shown by this: `granary get` fetches and checks them'),
    ...(missing.length === 0
      ? {}
      : { missing: `deals ${missing.join(', ')}, which this client made: proven not to be there` }),
  }
}

interface Words {
  readonly epoch: (epoch: number) => string
  readonly amount: (amount: bigint) => string
  /** Of words that a provider chose. */
  readonly printable: (words: string) => string
}

function dealFacts(deal: VerifiedDeal, { epoch, amount, printable }: Words) {
  const { id, state, endsAt, client, provider, storage, pricePerEpoch, locked, paid, refunded, compensated, burnt } =
    deal
  const { name, owner, region } = provider
  const settled = `settled through ${epoch(deal.settledThrough)}`
  return {
    deal: `${id}: ${state}${endsAt === null ? '' : `, ends ${epoch(endsAt)}`}`,
    // Anybody's deal may name this content.
    client,
    provider: printable(`${provider.id}${name && ` (${name})`}${region && ` in ${region}`}, owner ${owner}`),
    storage: storage === null ? 'in no sector yet' : storageText(storage, epoch),
    money: [
      `${amount(pricePerEpoch)} an epoch: ${amount(paid)} paid, ${amount(locked)} locked, ${amount(refunded)} refunded`,
      `${amount(compensated)} compensated, ${amount(burnt)} burnt; ${settled}`,
    ],
  }
}

const STORAGE: Readonly<Record<VerifiedStorage['state'], string>> = {
  unproven: 'waits for its first proof',
  sound: 'sound',
  faulty: 'faulty: a proof was missed, or it was declared so',
  over: 'its time is over',
}

function storageText({ sector, partition, state, lastProven, proofDueBy }: VerifiedStorage, epoch: Words['epoch']) {
  const place = `sector ${sector}${partition === null ? '' : `, partition ${partition}`}`
  return [
    `${place}: ${STORAGE[state]}`,
    ...(lastProven === null ? [] : [`last proven ${epoch(lastProven)}`]),
    ...(proofDueBy === null ? [] : [`next proof due ${epoch(proofDueBy)}`]),
  ]
}
