/** How a provider behaves: who keeps its word, and each way of not keeping it that might pay. */

export type StrategyGroup = 'honest' | 'lazy' | 'greedy' | 'self-dealing'

export interface Strategy {
  readonly name: string
  readonly group: StrategyGroup
  /** For the reader of a report. */
  readonly does: string
  /** Of each replica, deleted as soon as the chain has accepted it; put back once it was caught. */
  readonly dropShare: number
  /** Deletes everything after so many periods and hopes. */
  readonly stopsAfterPeriods: number
  /** Answers every n-th challenge. */
  readonly answersEvery: number
  readonly declaresFaults: boolean
  /** Sectors that it seals, for each that its disk can hold. */
  readonly overcommit: number
  /** How it leaves deals when others pay more: by its calculation, see leaving.ts. */
  readonly leavesBy: 'nothing' | 'terminating' | 'declaring'
  /** Waits a period with deals that it has signed, and lets them lapse when others pay more. */
  readonly lapses: boolean
  /** Takes all free collateral out, each period. */
  readonly withdraws: boolean
  readonly deals: 'of clients' | 'with itself' | 'none'
}

const honest: Strategy = {
  name: 'honest',
  group: 'honest',
  does: 'keeps everything, answers every challenge, declares faults and recovers from them',
  dropShare: 0,
  stopsAfterPeriods: Number.POSITIVE_INFINITY,
  answersEvery: 1,
  declaresFaults: true,
  overcommit: 1,
  leavesBy: 'nothing',
  lapses: false,
  withdraws: false,
  deals: 'of clients',
}

/** The first one is what the others are compared with. */
export const strategies: readonly Strategy[] = [
  honest,
  {
    ...honest,
    name: 'idles',
    does: 'keeps its word with sectors of zeros, without deals: what capacity alone earns',
    deals: 'none',
  },
  {
    ...honest,
    name: 'drops',
    group: 'lazy',
    does: 'deletes 1 % of each replica after its proof, answers while the samples miss the hole, makes it whole when caught',
    dropShare: 0.01,
    withdraws: true,
  },
  {
    ...honest,
    name: 'stops',
    group: 'lazy',
    does: 'deletes everything after 7 periods and leaves nothing free to be charged',
    stopsAfterPeriods: 7,
    withdraws: true,
  },
  { ...honest, name: 'skips', group: 'lazy', does: 'keeps the data, answers every other challenge', answersEvery: 2 },
  {
    ...honest,
    name: 'hides',
    group: 'lazy',
    does: 'declares no fault and hopes to have repaired it before a challenge',
    declaresFaults: false,
  },
  {
    ...honest,
    name: 'overcommits',
    group: 'greedy',
    does: 'seals a quarter more than its disk holds, each new replica over the oldest one',
    overcommit: 1.25,
    withdraws: true,
  },
  {
    ...honest,
    name: 'terminates',
    group: 'greedy',
    does: 'ends deals as soon as it earns more with the disk otherwise',
    leavesBy: 'terminating',
    withdraws: true,
  },
  {
    ...honest,
    name: 'abandons',
    group: 'greedy',
    does: 'declares a fault instead of terminating, deletes the data and sells the disk again',
    leavesBy: 'declaring',
    withdraws: true,
  },
  {
    ...honest,
    name: 'lapses',
    group: 'greedy',
    does: 'signs, waits a period before it seals, and lets the deals lapse when the price has risen enough',
    lapses: true,
    withdraws: true,
  },
  {
    ...honest,
    name: 'self-deals',
    group: 'self-dealing',
    does: 'fills its disk with zeros in deals that it pays itself',
    deals: 'with itself',
    withdraws: true,
  },
]

/** Each of them once, and so on; what is left over is honest. */
export function strategyOf(index: number, providers: number): Strategy {
  const whole = providers - (providers % strategies.length)
  return index < whole ? strategies[index % strategies.length]! : honest
}
