/** granary put PATH…: stores files and folders and follows them until they are sealed, proven and active. */
import { join } from 'node:path'
import { GranaryError, isAbortError } from '@granary/base'
import type {
  Client,
  Duration,
  GoingOn,
  OptionOfTerms,
  PutOptions,
  PutPartialError,
  PutProgress,
  PutResult,
  Upload,
  UploadQuote,
} from '@granary/client/node'
import type { ChainClient } from '@granary/protocol/client'
import type { Address } from '@granary/protocol/messages'
import { type Command, Option } from 'commander'
import { EXIT, exitCodeOf, exitCodesHelp } from '../exit-code.ts'
import {
  COPIES_MAX,
  dateUtc,
  durationMs,
  homeOf,
  wholeNumber,
  withChain,
  withHome,
  withJson,
  withPassphrase,
  withQuiet,
  withSpending,
} from '../options.ts'
import { amissText } from '../print/amiss-text.ts'
import type { Story } from '../print/story.ts'
import type { ChainTime } from '../print/times.ts'
import type { CommandContext } from '../program-context.ts'
import type { PutCommandOptions, QuoteCommandOptions } from './put-options.ts'
import { resumeOf } from './put-resume.ts'
import { openContent, withSource } from './source-options.ts'

/** Who has waited so long without a word is told at once that something happens. */
const SLOW_START_MS = 500

export function addPut(program: Command, context: CommandContext): void {
  const command = withWanted(
    program
      .command('put')
      .description('Store files and folders: price, upload, deals, and what happens until they are sealed and proven.')
      .argument('<path...>', 'what to store; several are one folder, and - is standard input'),
  )
    .option('--label <text>', 'goes on the chain, for all to see; at most 256 bytes')
    .option('--again', 'make other deals even though the content has active ones')
    .option('--no-wait', 'end when the deals are on the chain, before they are sealed and proven')
    .addOption(
      new Option('--progress <form>', 'progress on standard error').choices(['text', 'json', 'none']).default('text'),
    )
  withQuiet(
    withJson(withPassphrase(withHome(withChain(withSpending(command))))),
    'print the CID, and nothing of what is done',
  )
  command
    .addHelpText('after', exitCodesHelp)
    .action((paths: string[], options: PutCommandOptions) => put(paths, options, context))
}

/** What is stored and what is wanted of providers, for a put and for its price. */
export function withWanted(command: Command): Command {
  return withSource(command)
    .option('--duration <time>', 'how long, such as 30m, 12h or 180d (default: 1h on a devnet, else 180d)', durationMs)
    .addOption(
      new Option(
        '--renew-until <date>',
        'a standing order: goes on at its price until then, paid from the balance as time goes by, such as 2030-01-31, in UTC',
      ).argParser(dateUtc),
    )
    .option('--copies <n>', 'with as many different providers (default: 1)', wholeNumber(1, COPIES_MAX))
    .option(
      '--provider <id>',
      'only this provider (default: the best that fit and answer)',
      wholeNumber(0, 2 ** 32 - 1),
    )
}

async function put(paths: readonly string[], options: PutCommandOptions, context: CommandContext): Promise<void> {
  const startMs = context.startMs ?? performance.now()
  const [{ interruptible }, { printFailure }] = await Promise.all([
    import('../interruptible.ts'),
    import('../print/failure.ts'),
  ])
  const { provider, label, again, copies, yes, maxPrice, json = false } = options
  const progress = options.quiet ? 'none' : options.progress
  // A put that says nothing loads nothing that speaks.
  using story = progress === 'text' ? await storyOf(context, startMs) : undefined
  // What is loaded next is more, and lets no timer through meanwhile.
  if (context.startMs !== undefined && performance.now() - startMs > SLOW_START_MS)
    story?.say('start', `to store ${paths.join(' ')}`)
  const tell = {
    text: story?.tell,
    json: (event: object) => void context.stderr.write(`${JSON.stringify(event)}\n`),
    none: undefined,
  }[progress]

  let rootCid: string | undefined
  let upload: Upload | undefined
  const onProgress = (news: PutProgress) => {
    tell?.(news)
    if (news.type !== 'import:done') return
    rootCid = news.rootCid
    // As soon as it is known: who reads it may go on with it. Of a dry run it is the price that is asked for.
    if (!json && (!options.dryRun || options.quiet)) context.stdout.write(`${rootCid}\n`)
  }

  let toldWithoutEffect: string | undefined
  const tellWithoutEffect = (settled: Settled): void => {
    const why = withoutEffectText(settled)
    if (why === undefined || why === toldWithoutEffect) return
    toldWithoutEffect = why
    if (story !== undefined) story.say('no effect', why, 'yellow')
    else if (!json) context.stderr.write(`no effect: ${why}\n`)
  }

  const work = async (signal: AbortSignal) => {
    const { client, source, devnet, duration, chain, time } = await openSource(paths, options, context, signal)
    story?.know(time)
    // What a devnet's own key pays is play money; a key that is named may have other money.
    const isUnasked = devnet && options.passphraseFile === undefined && maxPrice === undefined
    const bound: PutOptions['maxPrice'] = maxPrice ?? (yes || isUnasked ? 'any' : undefined)
    const wanted = {
      duration,
      renewUntil: options.renewUntil,
      copies,
      provider,
      label,
      again,
      maxPrice: bound,
      signal,
      onProgress,
    }
    if (options.dryRun) return { quote: await client.quote(source, wanted), time }
    const confirm = async (asked: UploadQuote): Promise<void> => {
      if (isUnasked) return
      // Who is asked to pay may have wanted just that.
      tellWithoutEffect(asked)
      const { total, slots } = asked
      const kept = (await orderText(asked, time)) ?? ''
      const what = `store ${paths.join(' ')} in ${slots.length === 1 ? 'a deal' : `${slots.length} deals`}${kept && `, ${kept}`}`
      const { confirmSpending } = await import('../print/confirm-spending.ts')
      const ask = () => confirmSpending(context, { what, price: BigInt(total) }, { yes, maxPrice, json, signal })
      await (story === undefined ? ask() : story.asking(ask))
    }
    upload = await client.upload(source, { ...wanted, confirm, until: options.wait ? 'active' : 'published' })
    const result = await upload.done()
    return { result, time, ends: options.wait ? await endsOf(chain, result, signal) : [] }
  }
  try {
    const { quote, result, time, ends = [] } = await interruptible(work)
    if (quote !== undefined && options.quiet && !json) return
    if (quote !== undefined) return await printQuote(quote, { json, time }, context)
    tellWithoutEffect(result)
    for (const { text } of ends) story?.say('ends', text)
    const at = options.chain
    const actions = [
      { cmd: `granary get ${result.rootCid} -o OUT --chain ${at}`, why: 'fetches the content back' },
      { cmd: `granary status ${result.rootCid} --chain ${at}`, why: 'shows what is proven and paid' },
    ]
    // The CID stands there already.
    if (!json) return
    const { printResult } = await import('../print/result.ts')
    printResult(
      context,
      { ...result, goingOn: ends.map(({ going }) => going), withoutEffect: flagsOf(result) },
      { json, actions, text: () => '' },
    )
  } catch (error) {
    // What is drawn goes before the words that stay: gone later, it would take the last of them away.
    story?.rest()
    if (GranaryError.is(error) && error.code === 'PUT_PARTIAL') {
      const { result, missing } = error as PutPartialError
      tellWithoutEffect(result)
      if (!json) printFailure(context, error, { json })
      else {
        const { printResult } = await import('../print/result.ts')
        const withoutEffect = flagsOf(result)
        printResult(context, { ...result, withoutEffect, missing }, { json, partial: true, text: () => '' })
      }
      context.setExitCode(EXIT.partial)
      return
    }
    if (!isAbortError(error)) throw error
    const stopped = new InterruptedError(rootCid, dealsOf(upload?.checkpoint()), error)
    printFailure(context, stopped, { json, actions: [resumeOf(paths, options)] })
    context.setExitCode(exitCodeOf(stopped))
  }
}

async function storyOf({ stderr, env }: CommandContext, startMs: number): Promise<Story> {
  const { createStory } = await import('../print/story.ts')
  return await createStory({ stream: stderr, env, startMs })
}

/**
 * When its deals end, and what it costs that they go on. A put is done without it: where the chain is away, or nobody waits any
 * more, nothing is said.
 */
async function endsOf(
  chain: ChainClient,
  { deals }: PutResult,
  signal: AbortSignal,
): Promise<readonly { readonly going: GoingOn; readonly text: string }[]> {
  const [{ goingOnOf }, { formatEpoch }, { formatAmount }] = await Promise.all([
    import('@granary/client/node'),
    import('../print/times.ts'),
    import('../print/amounts.ts'),
  ])
  try {
    const [time, views] = await Promise.all([
      chain.status({ signal }),
      chain.dealsById(
        deals.map(({ dealId }) => dealId),
        { signal },
      ),
    ])
    const [payer] = views.flatMap(({ orderedUntil, terms }) => (orderedUntil === undefined ? [] : [terms.client]))
    const balances = new Map<string, bigint>()
    if (payer !== undefined) balances.set(payer, BigInt((await chain.account(payer as Address, { signal })).balance))
    const found = goingOnOf(views, time, balances)
    return views.flatMap(({ id }) => {
      const going = found.get(id)
      if (going === undefined) return []
      const { deal, endsAt, order, pricePerMonth } = going
      const more = `${formatAmount(pricePerMonth)} for 30 days more`
      const end =
        order === null
          ? formatEpoch(endsAt, time)
          : `${formatEpoch(endsAt, time)}, and goes on until ${formatEpoch(order.until, time)} by its standing order${amissText(order)}`
      return [{ going, text: `deal ${deal}: ${end}; ${more}` }]
    })
  } catch (error) {
    if (GranaryError.is(error) || isAbortError(error)) return []
    throw error
  }
}

/** Those of earlier runs too: they are as much of what was paid for. */
function dealsOf(state: ReturnType<Upload['checkpoint']>): number[] {
  return (state?.slots ?? []).flatMap((slot) => ('dealId' in slot ? [slot.dealId] : [])).sort((a, b) => a - b)
}

/** A put was stopped: what it has done by then is in the journal. */
class InterruptedError extends GranaryError {
  constructor(rootCid: string | undefined, deals: readonly number[], cause: unknown) {
    const made =
      deals.length === 0 ? '' : `; published so far: ${deals.length === 1 ? 'deal' : 'deals'} ${deals.join(', ')}`
    super({
      code: 'INTERRUPTED',
      message: `interrupted${made}`,
      hint: 'the same command goes on where it was, and nothing is paid twice',
      details: { rootCid: rootCid ?? null, deals },
      cause,
    })
  }
}

type OpenSource = {
  readonly client: Client
  readonly source: Parameters<Client['put']>[0]
  readonly chain: ChainClient
  /** Of this machine. */
  readonly devnet: boolean
  readonly duration: Duration | undefined
  readonly time: ChainTime
}

/** @throws what opening the content, the chain and the key throws */
export async function openSource(
  paths: readonly string[],
  options: QuoteCommandOptions,
  context: CommandContext,
  signal: AbortSignal,
): Promise<OpenSource> {
  const [{ createGranary }, { openChain }, { openSigner }] = await Promise.all([
    import('@granary/client/node'),
    import('../open-chain.ts'),
    import('../open-signer.ts'),
  ])
  // Before anything is asked of a chain: the nearest mistake is named first.
  const source = await openContent(paths, options, context)
  const folder = join(homeOf(options), 'client')
  const open = await openChain(options, signal)
  const signer = await openSigner({ ...open, folder, passphraseFile: options.passphraseFile, signal })
  const client = createGranary({ chain: open.chain, signer, folder })
  const duration = options.duration === undefined ? undefined : { ms: options.duration }
  return { client, source, chain: open.chain, devnet: open.devnet, duration, time: open.status }
}

/** undefined: there is no standing order. */
async function orderText({ renewUntil, order }: UploadQuote, time: ChainTime): Promise<string | undefined> {
  if (renewUntil === null) return undefined
  const [{ formatEpoch }, { formatAmount }] = await Promise.all([
    import('../print/times.ts'),
    import('../print/amounts.ts'),
  ])
  return `then by standing order until ${formatEpoch(renewUntil, time)}, for at most ${formatAmount(order)} more, paid as time goes by`
}

interface QuoteForm {
  readonly json: boolean
  readonly time: ChainTime
}

/** The price, and who would have it. */
export async function printQuote(
  quote: UploadQuote,
  { json, time }: QuoteForm,
  context: CommandContext,
): Promise<void> {
  const [{ printResult }, { formatTable }, { formatAmount }, { formatBytes, plural }, { formatEpochs }] =
    await Promise.all([
      import('../print/result.ts'),
      import('../print/table.ts'),
      import('../print/amounts.ts'),
      import('../print/quantities.ts'),
      import('../print/times.ts'),
    ])
  const rows = quote.slots.map(({ piece, copy, provider, name, price, reasons, shares }) => [
    `${piece + 1}`,
    `${copy + 1}`,
    `${provider}${name && ` (${name})`}`,
    formatAmount(price),
    [...reasons, ...shares.map((trait) => `same ${trait} as another copy`)].join('; '),
  ])
  const order = await orderText(quote, time)
  const withoutEffect = withoutEffectText(quote)
  const text = (columns: number): string =>
    [
      quote.rootCid,
      `${formatBytes(quote.fileBytes)} in ${plural(quote.pieces.length, 'piece')}, ${quote.copies} of each, for ${formatEpochs(quote.duration, time)}`,
      ...(order === undefined ? [] : [order]),
      ...(withoutEffect === undefined ? [] : [`no effect: ${withoutEffect}`]),
      ...(rows.length === 0
        ? ['nothing is to be paid: its deals are made']
        : ['', formatTable(['piece', 'copy', 'provider', 'price', 'why'], rows, { columns }), '']),
      `price ${formatAmount(quote.price)}, records ${formatAmount(quote.recordFees)}, messages at most ${formatAmount(quote.messageFees)}${BigInt(quote.spareFees) === 0n ? '' : `, and to replace a provider that is lost at most ${formatAmount(quote.spareFees)}`}`,
      `in all at most ${formatAmount(quote.total)}; ${formatAmount(quote.month)} a month, ${formatAmount(quote.perGiBMonth)} a GiB and month`,
    ].join('\n')
  printResult(context, { ...quote, withoutEffect: flagsOf(quote) }, { json, text: (_, columns) => text(columns) })
}

type Settled = Pick<PutResult | UploadQuote, 'withoutEffect'>

function flagsOf({ withoutEffect }: Settled): string[] {
  return withoutEffect.map((name) => FLAGS[name])
}

/** undefined: all that was given is followed. */
function withoutEffectText({ withoutEffect }: Settled): string | undefined {
  const flags = flagsOf({ withoutEffect })
  if (flags.length === 0) return undefined
  const why = withoutEffect.includes('again')
    ? 'the deal of an earlier put is not active yet (once it is, put --again makes another)'
    : 'the deal was agreed before (put --again makes another)'
  return `${flags.join(', ')}: ${why}`
}

const FLAGS: Readonly<Record<OptionOfTerms, string>> = {
  label: '--label',
  renewUntil: '--renew-until',
  collateralShareBps: '--collateral-share',
  again: '--again',
}
