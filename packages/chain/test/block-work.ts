/**
 * What blocks read and write, by what happens in them, over a market with many sectors: for the test that it does not
 * grow with them. Only the execution that a block is committed by is counted.
 */
import type { FinalizedBlock } from '../src/state/index.ts'
import { tables } from '../src/state/store/tables.ts'
import { claimedAnswer, claimedPiece, claimedSector } from './claimed-proofs.ts'
import { createLargeMarket, type LargeMarket, PARTITION_SECTORS } from './large-market.ts'
import { createMemoryState, type MemoryState } from './memory-state.ts'
import { publishedIn, signTerms, termsFor } from './test-chain.ts'

/** Of a block, for each thing that happened in it: a partition that is challenged is read as a whole, whoever else has one. */
export interface BlockWork {
  readonly read: number
  readonly written: number
  /** Of the tree, which grows deeper by the logarithm of what it holds. */
  readonly pages: number
}

const PAGES = 'tree/'
const DEPARTURES = `${tables.departures.name}/`

/** @returns the most that a block took in which that happened: an event, by its type and reason, or `nothing` */
export function measureBlockWork(sectors: number): Map<string, BlockWork> {
  const most = new Map<string, BlockWork>()
  const reads = { records: 0, pages: 0 }
  const market = createLargeMarket(sectors, {
    state: countReads(createMemoryState(), reads),
    finalize: (execute) => {
      reads.records = 0
      reads.pages = 0
      const finalized = execute()
      note(most, finalized, { ...reads })
      return finalized
    },
  })
  most.clear()
  live(market)
  return most
}

function countReads(below: MemoryState, reads: { records: number; pages: number }): MemoryState {
  const count = (key: string): void => {
    if (key.startsWith(PAGES)) reads.pages += 1
    else reads.records += 1
  }
  return {
    get size() {
      return below.size
    },
    get: (key) => {
      count(key)
      return below.get(key)
    },
    *range(prefix, after) {
      // A range that is empty has been looked for, too.
      count(prefix)
      for (const entry of below.range(prefix, after)) {
        count(entry[0])
        yield entry
      }
    },
    commit: (writes) => below.commit(writes),
  }
}

function note(
  most: Map<string, BlockWork>,
  { results, events, writes }: FinalizedBlock,
  reads: { records: number; pages: number },
): void {
  const all = [...results.flatMap((result) => result.events), ...events]
  const happened = new Set(all.map((event) => ('reason' in event ? `${event.type} ${event.reason}` : event.type)))
  if (happened.size === 0 && results.every(({ id }) => id === null)) happened.add('nothing')
  const pagesWritten = [...writes.keys()].filter((key) => key.startsWith(PAGES)).length
  // Terminated sectors leave their lists without an event, when no draw can ask for them any more.
  const departed = [...writes].filter(([key, value]) => value === null && key.startsWith(DEPARTURES)).length
  // So do the deals of a settlement in which nothing is due: they are looked at, each as one that pays.
  const notDue = results.filter(({ kind, events: own }) => kind === 'SettleDeals' && own.length === 0).length
  const count = 1 + all.length + departed + notDue * PARTITION_SECTORS
  const work = {
    read: reads.records / count,
    written: (writes.size - pagesWritten) / count,
    pages: (reads.pages + pagesWritten) / count,
  }
  for (const each of happened) {
    const { read = 0, written = 0, pages = 0 } = most.get(each) ?? {}
    most.set(each, {
      read: Math.max(read, work.read),
      written: Math.max(written, work.written),
      pages: Math.max(pages, work.pages),
    })
  }
}

/** All that ends, goes wrong or is paid, each for a whole partition. */
function live({ chain, client, owner, providers }: LargeMarket): void {
  const { faultMaxAge, commitExpiry } = chain.genesis.params
  const dealsOf = (provider: number): number[] =>
    Array.from({ length: PARTITION_SECTORS }, (_, index) => 1 + (provider - 1_000) * PARTITION_SECTORS + index)
  const numbers = Array.from({ length: PARTITION_SECTORS }, (_, number) => number)
  const settle = (provider: number): void => void chain.does(client, 'SettleDeals', { deals: dealsOf(provider) })
  const drawn = (): number[] =>
    chain.events.filter(({ type, height }) => type === 'challenge:opened' && height === chain.height).map(providerOf)

  function answerDrawn(): number[] {
    const answers = drawn().flatMap((provider, lane) => {
      const body = claimedAnswer(chain, provider, 0)
      return body === undefined ? [] : [{ provider, bytes: chain.sign(owner, 'SubmitPost', body, { lane: 9 + lane }) }]
    })
    chain.produce(answers.map(({ bytes }) => bytes))
    return answers.map(({ provider }) => provider)
  }

  const answered = new Set<number>()
  for (let block = 0; block < 15; block++) for (const provider of answerDrawn()) answered.add(provider)
  const [first = 0, second = 0, third = 0] = answered
  settle(first)
  chain.does(owner, 'DeclareFaults', { provider: second, partition: 0, sectors: numbers })
  chain.does(owner, 'RequestRecovery', { provider: second, partition: 0, sectors: [] })
  while (!chain.events.some((event) => event.type === 'recovery:opened')) answerDrawn()
  chain.does(owner, 'SubmitPost', claimedAnswer(chain, second, 0)!)
  chain.does(owner, 'TerminateSectors', { provider: third, sectors: numbers })
  settle(third)

  const number = PARTITION_SECTORS
  const piece = claimedPiece(number)
  const terms = { ...termsFor(chain, client.address, first, { ...piece, nonce: 10_000n, activateWithin: 3 }) }
  // Several, since what else happens in the block of a lapse is chance.
  const published = Array.from({ length: 5 }, (_, index) => {
    const each = { ...terms, nonce: terms.nonce + BigInt(index) }
    const deals = [{ terms: each, providerSignature: signTerms(chain, owner, each) }]
    const { events } = chain.does(client, 'PublishDeal', { deals })
    return publishedIn(events)[0]!
  })
  const deals = published.slice(-1)
  const expiry = chain.height + 1 + commitExpiry + terms.duration
  const sector = claimedSector(chain, { number, deals, expiry, pieceCids: [piece.pieceCid] })
  chain.does(owner, 'PreCommitSectors', { provider: first, sectors: [sector] })
  chain.advance(commitExpiry)
  for (const deal of published) chain.does(client, 'SettleDeals', { deals: [deal] })

  // Nobody answers any more, and the sectors' time runs out.
  chain.advance(faultMaxAge)
  const expired = chain.events.filter((event) => event.type === 'challenge:opened').map(providerOf)
  for (let block = 0; block < 12; block++) answerDrawn()
  for (const provider of new Set([...expired.slice(-2), first].filter((id) => id < 1_000 + providers))) settle(provider)
}

function providerOf(event: object): number {
  return Number('provider' in event ? event.provider : 0)
}
