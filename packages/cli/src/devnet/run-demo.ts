/** The demo: every row of the flow on a devnet, told as it happens, and the proof that the file comes back. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAbortError } from '@granary/base'
import type { DealProgress, TimelineEntry } from '@granary/client'
import { type Client, createGranary, inspectFile, type PutResult } from '@granary/client/node'
import type { DealView } from '@granary/protocol/client'
import { interruptible } from '../interruptible.ts'
import { commandHere } from '../invocation.ts'
import { openChain } from '../open-chain.ts'
import { openSigner } from '../open-signer.ts'
import { ownPath } from '../own-path.ts'
import { formatAmount } from '../print/amounts.ts'
import { fit } from '../print/columns.ts'
import { columnsOf } from '../print/columns-of.ts'
import { formatBytes } from '../print/quantities.ts'
import { createStory, provenText, type Story } from '../print/story.ts'
import type { ProgramContext } from '../program-context.ts'
import { untilStopped } from '../until-stopped.ts'
import { DemoInterruptedError, type DemoStand, standAfter } from './demo-interrupted.ts'
import { eachProofOnce } from './each-proof-once.ts'
import { compareBytes } from './same-bytes.ts'
import { type Devnet, startDevnet } from './start-devnet.ts'
import { whereIs } from './where-is.ts'

const POSTS_WATCHED = 2
const PROFILE = '8MiB-dev'

export interface RunDemoInput {
  readonly file: string | undefined
  readonly exit: boolean
  readonly startMs: number
}

export async function runDemo(
  context: ProgramContext,
  { file = ownPath('samples/granary.txt'), exit, startMs }: RunDemoInput,
): Promise<void> {
  const { stdout, stdin, env } = context
  using story = await createStory({ stream: stdout, env, startMs })
  // The nearest mistake is named first, before anything is started.
  await inspectFile(file)
  let net: Devnet | undefined
  let stand: DemoStand = { proofs: 0 }
  const told: Story = {
    ...story,
    tell: (progress) => {
      stand = standAfter(stand, progress)
      story.tell(progress)
    },
  }
  try {
    await interruptible(async (signal) => {
      const started = await startDevnet({
        providers: 1,
        profile: PROFILE,
        env,
        signal,
        onStarted: ({ name, url }) => story.say(name, url),
      })
      net = started
      const failed = new AbortController()
      const both = AbortSignal.any([signal, failed.signal])
      // A program that dies ends the story at once, with its own last words instead of a refused connection.
      const death = firstEnd(started).then((error) => {
        failed.abort(error)
        throw error
      })
      await Promise.race([tellAll(started, file, told, both), death])
    })
    if (exit || !net) return
    const { chain, providers, home } = net
    story.rest()
    const commands = ['put FILE', 'deals'].map((words) => `granary ${words}${whereIs(net!, context)}`)
    const before = [
      '',
      `The devnet stays up: chain ${chain.url}, provider ${providers.map(({ url }) => url).join(', ')}, folder ${home}.`,
      'From another terminal, put another file and look at it:',
    ]
    stdout.write(
      [
        fit(before.join('\n'), columnsOf(stdout, env)),
        // To be copied, so nothing breaks them.
        ...commands.map((command) => `  ${commandHere(command, context)}`),
        'Ctrl-C stops everything and removes the folder.',
        '',
      ].join('\n'),
    )
    const end = await Promise.race([untilStopped({ withParent: false, stdin }), firstEnd(net)])
    if (typeof end !== 'string') throw end
  } catch (error) {
    if (!isAbortError(error)) throw error
    throw new DemoInterruptedError(net && stand, POSTS_WATCHED)
  } finally {
    // A Ctrl-C while it stops, or the second half of one, must not end it half stopped.
    if (net) story.say('stopping', 'providers, then the chain')
    await interruptible(async () => net?.stop())
  }
}

/** The demo is the story of one provider: without any of its programs there is nothing left to tell. */
function firstEnd({ chain, providers }: Devnet): Promise<Error> {
  return Promise.race([chain, ...providers].map(({ ended }) => ended))
}

async function tellAll(net: Devnet, file: string, story: Story, signal: AbortSignal): Promise<void> {
  const folder = join(net.home, 'client')
  const open = await openChain({ chain: net.chain.url }, signal)
  story.know(open.status)
  const signer = await openSigner({ ...open, folder, signal })
  const balance = await open.chain.account(signer.address, { signal })
  story.say('account', `${signer.address} has ${formatAmount(balance.balance)} from the faucet`)
  const client = createGranary({ chain: open.chain, signer, folder })
  story.say('file', file)
  const stored = await client.put(file, { signal, onProgress: story.tell })
  await watchPosts(client, stored, story, signal)
  await tellMoney(open, stored, story, signal)
  await fetchBack(client, stored, file, story, signal)
}

/** What came before is told already: each story is followed again from its beginning, and only news is printed. */
async function watchPosts(client: Client, { deals }: PutResult, story: Story, signal: AbortSignal): Promise<void> {
  story.say(
    'proving',
    `the chain challenges the provider at moments that nobody knows beforehand: waiting for ${POSTS_WATCHED} answers`,
  )
  const tell = eachProofOnce(story.tell)
  const stopped = new AbortController()
  const all = AbortSignal.any([signal, stopped.signal])
  try {
    await Promise.all(deals.map(({ dealId }) => watchPostsOf(client, dealId, tell, all)))
  } finally {
    // Of one that has failed the others are not told any more.
    stopped.abort()
  }
}

async function watchPostsOf(
  client: Client,
  dealId: number,
  tell: (progress: DealProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  let posts = 0
  let isActive = false
  await client.follow(dealId, {
    until({ type }: TimelineEntry) {
      if (type === 'post-accepted') posts += 1
      return posts === POSTS_WATCHED
    },
    signal,
    onProgress: (progress) => {
      if (progress.type === 'waiting' || isActive) tell(progress)
      else if (progress.entry.type === 'active') isActive = true
    },
  })
}

async function tellMoney(
  { chain, status }: Awaited<ReturnType<typeof openChain>>,
  { deals, price }: PutResult,
  story: Story,
  signal: AbortSignal,
): Promise<void> {
  const ids = deals.map(({ dealId }) => dealId)
  const views = await chain.dealsById(ids, { signal })
  const sum = (amountOf: (deal: DealView) => bigint) => views.reduce((total, deal) => total + amountOf(deal), 0n)
  const soFar = sum(({ paid, earned }) => BigInt(paid) + BigInt(earned))
  const burnt = sum((deal) => BigInt(deal.burnt))
  const locked = sum((deal) => BigInt(deal.locked))
  const proven = provenText(Number(sum((deal) => BigInt(deal.provenEpochs))), status)
  story.say(
    'paid so far',
    `${formatAmount(soFar)} of ${formatAmount(price)} for ${proven} (${formatAmount(burnt)} burnt as fee, ${formatAmount(locked)} still locked)`,
  )
}

async function fetchBack(
  client: Client,
  { path }: PutResult,
  file: string,
  story: Story,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-demo-'))
  try {
    const out = join(folder, 'file')
    await client.save(path, out, { signal, onProgress: story.tell })
    story.end('fetching')
    const bytes = await compareBytes(file, out)
    story.say('same', `${formatBytes(bytes)} came back by CID, every block verified, every byte as in ${file}`, 'green')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
