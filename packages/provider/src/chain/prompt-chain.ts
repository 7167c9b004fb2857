/**
 * The chain as it is asked where somebody waits for the answer: a node that takes a question and says nothing is away after a
 * few seconds. Work of the daemon's own waits longer, and asks again.
 */
import { GranaryError, passingFactsOf } from '@granary/base'
import { type ChainClient, ChainUnreachableError } from '@granary/protocol/client'

type Answers = 'status' | 'params' | 'fees' | 'account' | 'sessionKey' | 'provider' | 'deal' | 'partitions'
type Lists = 'providers' | 'deals' | 'members'
export type PromptChain = Pick<ChainClient, Answers | Lists>

interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

const ANSWER_MS = 4_000

/** @throws CHAIN_UNREACHABLE of each call, and each page, that takes longer */
export function promptChain(chain: ChainClient, answerMs: number = ANSWER_MS): PromptChain {
  const wait = (from: CallOptions | undefined): Wait => createWait(chain.url, answerMs, from?.signal)

  async function answered<T>(ask: (options: CallOptions) => Promise<T>, from: CallOptions | undefined): Promise<T> {
    using waiting = wait(from)
    return await ask(waiting)
  }

  async function* listed<T>(
    ask: (options: CallOptions) => AsyncIterable<T>,
    from: CallOptions | undefined,
  ): AsyncGenerator<T> {
    using waiting = wait(from)
    for await (const item of ask(waiting)) {
      waiting.pause()
      yield item
      waiting.again()
    }
  }

  return {
    status: (options) => answered((call) => chain.status(call), options),
    params: (options) => answered((call) => chain.params(call), options),
    fees: (options) => answered((call) => chain.fees(call), options),
    account: (address, options) => answered((call) => chain.account(address, call), options),
    sessionKey: (address, key, options) => answered((call) => chain.sessionKey(address, key, call), options),
    provider: (id, options) => answered((call) => chain.provider(id, call), options),
    deal: (id, options) => answered((call) => chain.deal(id, call), options),
    partitions: (provider, options) => answered((call) => chain.partitions(provider, call), options),
    providers: (options) => listed((call) => chain.providers(call), options),
    deals: (filter, options) => listed((call) => chain.deals(filter, call), options),
    members: (place, state, options) => listed((call) => chain.members(place, state, call), options),
  }
}

interface Wait extends Disposable {
  readonly signal: AbortSignal
  /** While who asked is at work with what came. */
  pause(): void
  again(): void
}

function createWait(url: string, answerMs: number, outer: AbortSignal | undefined): Wait {
  const late = new AbortController()
  const start = (): NodeJS.Timeout =>
    setTimeout(() => late.abort(new ChainUnreachableError(url, new Error(`nothing in ${answerMs} ms`))), answerMs)
  let timer = start()
  return {
    signal: outer === undefined ? late.signal : AbortSignal.any([outer, late.signal]),
    pause: () => clearTimeout(timer),
    again: () => {
      timer = start()
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}

/** What `ask` answered last: where it finds the chain away, and without asking while that is known. */
export function lastKnown<T>(ask: () => Promise<T>, isAway: () => boolean): () => Promise<T> {
  let known: { readonly answer: T } | undefined
  return async () => {
    if (known !== undefined && isAway()) return known.answer
    try {
      known = { answer: await ask() }
    } catch (error) {
      const isLost = GranaryError.is(error) && passingFactsOf(error.code)?.lost === true
      if (known === undefined || !isLost) throw error
    }
    return known.answer
  }
}
