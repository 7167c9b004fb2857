/**
 * Which chain a client reads, and the greatest height that any answer has named. Every answer of a node names both
 * (docs/spec/chain.md, section 8), so that another chain is never taken for this one, and a node that is behind, or was
 * restored from a copy, never makes something that exists look gone.
 */
import type { Hash } from '../messages/index.ts'
import { ChainAnswerError, ChainBehindError, ForeignChainError } from './errors.ts'

export interface KnownChain {
  /** undefined before the first answer, when it was not given. */
  readonly genesisHash: Hash | undefined
  /** −1 before the first answer, when it was not given. */
  readonly height: number
  /**
   * @returns the height that the answer names
   * @throws ForeignChainError; ChainAnswerError when it names no chain
   */
  observe(response: Response): number
  reach(height: number): void
}

/** Where a client starts from; a program that keeps both across its own restarts hands them in. */
export interface ChainStart {
  readonly genesisHash: Hash | undefined
  readonly height: number
  /** What no chain can be above: a height that is named is none beyond it. */
  readonly heightMax?: (() => number) | undefined
}

export function knownChain(start: ChainStart, url: string): KnownChain {
  let { genesisHash, height } = start
  const { heightMax: max = () => Number.POSITIVE_INFINITY } = start
  const reach = (named: number) => {
    if (named > height && named <= max()) height = named
  }
  return {
    get genesisHash() {
      return genesisHash
    },
    get height() {
      // It may have been taken before anybody knew the bound.
      height = Math.min(height, max())
      return height
    },
    observe(response) {
      const genesis = response.headers.get('granary-genesis') ?? ''
      const named = response.headers.get('granary-height') ?? ''
      if (!isHash(genesis) || !/^[0-9]{1,15}$/.test(named))
        throw new ChainAnswerError(response.url || url, response.status)
      genesisHash ??= genesis
      if (genesis !== genesisHash) throw new ForeignChainError(url, genesisHash, genesis)
      reach(Number(named))
      return Number(named)
    },
    reach,
  }
}

/** What a node that is behind does not find may well be there. */
export function behindError(
  url: string,
  error: { code: string },
  height: number,
  seen: number,
): ChainBehindError | undefined {
  if (height >= seen || !error.code.endsWith('_NOT_FOUND') || error.code === 'PATH_NOT_FOUND') return undefined
  return new ChainBehindError(url, height, seen, error)
}

function isHash(text: string): text is Hash {
  return /^0x[0-9a-f]{64}$/.test(text)
}
