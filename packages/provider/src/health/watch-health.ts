/**
 * Looks every few seconds at what a provider cannot do without - its chain, its disk, money for fees, sound partitions - and
 * raises an alert for what is wrong until it is right again.
 */
import { statfsSync } from 'node:fs'
import { GranaryError } from '@granary/base'
import type { ChainStatus, SessionKeyView } from '@granary/protocol/client'
import { momentOf } from '@granary/protocol/epochs'
import { formatGrn } from '@granary/protocol/messages'
import type { Alerts } from '../alerts.ts'
import type { ChainFollower } from '../chain/follow-chain.ts'
import type { PromptChain } from '../chain/prompt-chain.ts'
import { unreachableAlert } from '../chain/unreachable-alert.ts'
import type { Log } from '../log.ts'
import type { ProviderMeans } from '../market/provider-means.ts'

export interface HealthContext {
  readonly chain: Pick<PromptChain, 'status' | 'params' | 'partitions' | 'members'>
  /** The chain's last block, where it was heard in time. @default undefined */
  readonly heard?: ChainFollower['heard']
  readonly providerId: number
  readonly means: () => Promise<ProviderMeans>
  /** The daemon's key as the chain has it; undefined: the chain does not let it sign. */
  readonly sessionKey: () => Promise<SessionKeyView | undefined>
  /** Whether the daemon has a key that it takes up with the next block, where the chain has that one already. */
  readonly isKeyWaiting: () => boolean
  /** What is known of the ask; undefined: none is wanted, or nothing is known yet. */
  readonly ask?: () => { readonly validUntil: number; readonly validMs: number } | undefined
  /** The provider's, whose disk may be full. */
  readonly folder: string
  readonly diskReserveBytes: () => number
  /** What none of its volumes takes. */
  readonly rolesMissing: () => readonly string[]
  readonly alerts: Alerts
  readonly log: Log
  readonly nowMs?: () => number
}

export interface HealthWatch {
  check(): Promise<void>
  start(): void
  stop(): void
}

const CHECK_EVERY_MS = 3_000
/** What costs the chain's node more is asked for with each so many checks. */
const CHECKS_A_LONG_ONE = 5
/** The more there are the longer it is until all of them are looked at again: what is asked does not grow with them. */
const PARTITIONS_A_CHECK = 85
/** So long before the money for proofs ends its owner is told: time for a person to do something. */
const FEES_LEFT_PERIODS = 7n
const STOPPED_MS = 30_000
const CLOCK_APART_MS = 60_000
const SESSION_LEFT_MS = 3 * 24 * 60 * 60_000
/** Nine tenths of its limit. */
const SESSION_SPENT = 9n
const SESSION_SPENT_OF = 10n
/** Of its validity: long after it should have been renewed. */
const ASK_SHARE = 8
/** A challenge comes once a period, at a moment that nobody knows; after this one of them was missed. */
const LATE_PERIODS = 2
const STOPPED_BLOCKS = 10
/** Of the reserve: with less than this free, neither the store nor a sector at hand can go on. */
const RESERVE_SHARE = 16

export function watchHealth(given: HealthContext): HealthWatch {
  const { log, nowMs = Date.now } = given
  // A look that outlasts the watch finds what it would speak of closed.
  const raise: Alerts['raise'] = (alert) => {
    if (!isStopped) given.alerts.raise(alert)
  }
  const context = { ...given, alerts: { ...given.alerts, raise } }
  const { alerts } = context
  const faulty = new Set<string>()
  let checks = 0
  let partitionsAtCheck = 0
  let height = -1
  let known: ChainStatus | undefined
  let grownAtMs = nowMs()
  let timer: NodeJS.Timeout | undefined
  let isStopped = false
  let wasBetweenKeys = false

  async function check(): Promise<void> {
    checkDisk(context)
    checkRoles(context)
    // A chain whose blocks are heard is reached and grows: for the rest it is asked with what costs more.
    const block = checks % CHECKS_A_LONG_ONE === 0 ? undefined : context.heard?.()
    if (block !== undefined && known !== undefined) {
      alerts.clear('CHAIN_UNREACHABLE')
      known = { ...known, ...block, clock: { ...known.clock, stalled: null } }
    } else known = await checkReachable(context)
    const status = known
    if (status === undefined) return
    if (status.height !== height) {
      // Only of a block that came since the last look: of an older one the time says nothing.
      if (height !== -1) checkClock(alerts, status, nowMs())
      grownAtMs = nowMs()
    }
    height = status.height
    checkGrowth(alerts, status, nowMs() - grownAtMs)
    if (checks % CHECKS_A_LONG_ONE === 0) {
      const means = await context.means()
      checkMoney(alerts, means)
      checkAsk(context, status)
      const key = await context.sessionKey()
      const isBetweenKeys = key === undefined && context.isKeyWaiting()
      // The chain has the next key, and the daemon takes it up with a block: what is so at two looks is not that.
      if (!isBetweenKeys || wasBetweenKeys) checkSessionKey(alerts, key, means, status)
      wasBetweenKeys = isBetweenKeys
    }
    checks += 1
    if (checks < partitionsAtCheck) return
    const partitions = await checkPartitions(context, status, faulty)
    partitionsAtCheck = checks + Math.max(CHECKS_A_LONG_ONE, Math.ceil(partitions / PARTITIONS_A_CHECK))
  }

  function later(): void {
    if (isStopped) return
    timer = setTimeout(() => {
      check()
        .catch((error: unknown) => {
          // By its code an outage is told as the alert that it is.
          const said = GranaryError.is(error) ? error.toJSON() : { error: String(error) }
          if (!isStopped) log({ type: 'health:not-checked', level: 'warn', ...said })
        })
        .finally(later)
    }, CHECK_EVERY_MS)
  }

  return {
    check,
    start: later,
    stop: () => {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

function checkDisk({ folder, diskReserveBytes, alerts }: HealthContext): void {
  const { bavail, bsize } = statfsSync(folder)
  const freeBytes = bavail * bsize
  const leastBytes = Math.floor(diskReserveBytes() / RESERVE_SHARE)
  if (freeBytes >= leastBytes) return void alerts.clear('DISK_FULL')
  alerts.raise({
    code: 'DISK_FULL',
    message: `the disk of ${folder} has ${freeBytes} bytes left, ${leastBytes} are the least to go on with`,
    hint: 'Make room on it. What waits for it goes on by itself; proofs of what is sealed need no room and go on.',
  })
}

function checkRoles({ rolesMissing, alerts }: HealthContext): void {
  const missing = rolesMissing()
  if (missing.length === 0) return void alerts.clear('VOLUMES_MISSING')
  alerts.raise({
    code: 'VOLUMES_MISSING',
    message: `no volume takes ${missing.join(', ')}: no deal is taken, and nothing is sealed`,
    hint: 'give one of them that role: `granary provider volumes add` with its path, or `home`, and --roles',
  })
}

async function checkReachable({ chain, alerts }: HealthContext): Promise<ChainStatus | undefined> {
  try {
    const status = await chain.status()
    alerts.clear('CHAIN_UNREACHABLE')
    return status
  } catch (error) {
    // Behind and foreign are said by who follows the chain, and cleared there.
    if (GranaryError.is(error) && (error.code === 'CHAIN_FOREIGN' || error.code === 'CHAIN_BEHIND')) {
      alerts.clear('CHAIN_UNREACHABLE')
      alerts.raise({ code: error.code, message: error.message, hint: error.hint })
      return undefined
    }
    alerts.raise(unreachableAlert(error))
    return undefined
  }
}

function checkGrowth(alerts: Alerts, { height, blockTimeMs, clock }: ChainStatus, sinceMs: number): void {
  const isStill = sinceMs >= Math.max(STOPPED_MS, STOPPED_BLOCKS * blockTimeMs)
  if (!isStill && clock.stalled === null) return void alerts.clear('CHAIN_STOPPED')
  const why = clock.stalled === null ? '' : `: ${clock.stalled}`
  alerts.raise({
    code: 'CHAIN_STOPPED',
    message: `the chain has made no block after ${height} for ${Math.round(sinceMs / 1000)} s${why}`,
    hint: 'ask who runs the validator; no proof falls due while there are no blocks',
  })
}

function checkMoney(alerts: Alerts, { balance, sectors, feesOfProofs }: ProviderMeans): void {
  // Of the largest, whose proofs are the longest.
  const feesPerSector = sectors.at(-1)?.fees ?? 0n
  checkRunway(alerts, balance, feesPerSector, feesOfProofs)
  if (balance >= feesPerSector + feesOfProofs) return void alerts.clear('FEES_SHORT')
  alerts.raise({
    code: 'FEES_SHORT',
    message: `the provider's account has ${balance} attoGRN, the fees of one sector and of a period's proofs come to ${feesPerSector + feesOfProofs}`,
    hint: "send money to the provider's account: without fees no sector is sealed and no proof is taken",
  })
}

/** Nothing is wrong yet: it is told, and keeps nobody from anything. */
function checkRunway(alerts: Alerts, balance: bigint, feesPerSector: bigint, feesOfProofs: bigint): void {
  const left = balance - feesPerSector
  const isShort = left < feesOfProofs
  if (isShort || left >= feesOfProofs * FEES_LEFT_PERIODS) return void alerts.clear('FEES_LOW')
  alerts.raise({
    code: 'FEES_LOW',
    message: `the provider's account has ${formatGrn(balance)}, which pays for the proofs of ${left / feesOfProofs} periods and one more sector`,
    hint: "send money to the provider's account before they are over: `granary provider money` says for how long it lasts",
  })
}

/** The chain's time is that of its beacon; ours decides when a login, a quote and a piece are too old. */
function checkClock(alerts: Alerts, { timeMs, blockTimeMs }: ChainStatus, nowMs: number): void {
  const apartMs = nowMs - timeMs
  if (Math.abs(apartMs) <= CLOCK_APART_MS + 2 * blockTimeMs) {
    alerts.clear('CLOCK_WRONG')
    return
  }
  alerts.raise({
    code: 'CLOCK_WRONG',
    message: `this machine's clock is ${Math.abs(Math.round(apartMs / 1_000))} s ${apartMs > 0 ? 'ahead of' : 'behind'} the chain's`,
    hint: 'set the clock, and let it be kept by NTP: clients whose clocks are right cannot log in here',
  })
}

function checkAsk({ ask, alerts }: HealthContext, status: ChainStatus): void {
  const { height, blockTimeMs } = status
  const known = ask?.()
  const leftMs = known === undefined ? Number.POSITIVE_INFINITY : (known.validUntil - height) * blockTimeMs
  if (known === undefined || leftMs > known.validMs / ASK_SHARE) {
    alerts.clear('ASK_ENDS')
    return
  }
  alerts.raise({
    code: 'ASK_ENDS',
    message: `the ask ${leftMs <= 0 ? 'ended' : 'ends'} ${momentOf(known.validUntil, status)}`,
    hint: 'it renews itself at half of its time: see ASK_NOT_SET and whether the account has money for fees; until then no client comes',
  })
}

/** Without it no proof is signed, so its owner is told while there is time for a person to do something. */
function checkSessionKey(
  alerts: Alerts,
  key: SessionKeyView | undefined,
  { sectors, feesOfProofs }: ProviderMeans,
  status: ChainStatus,
): void {
  const { height, blockTimeMs } = status
  const hint =
    'where the key of the owner is, run `granary provider register --owner-key FILE` with --session-limit and --session-time'
  const say = (message: string): void => alerts.raise({ code: 'SESSION_KEY_ENDS', message, hint })
  if (key === undefined) return void say("the chain does not let the daemon's key sign: no proof is taken")
  const { expires, spent, spendingLimit } = key
  if ((expires - height) * blockTimeMs < SESSION_LEFT_MS)
    return void say(`the daemon's key signs until ${momentOf(expires, status)}`)
  const { locked = 0n, fees = 0n } = sectors.at(-1) ?? {}
  const left = BigInt(spendingLimit) - BigInt(spent)
  if (BigInt(spent) * SESSION_SPENT_OF >= BigInt(spendingLimit) * SESSION_SPENT || left < locked + fees + feesOfProofs)
    return void say(
      `the daemon's key has spent ${formatGrn(BigInt(spent))} of its limit of ${formatGrn(BigInt(spendingLimit))}`,
    )
  alerts.clear('SESSION_KEY_ENDS')
}

/** @returns how many there are */
async function checkPartitions(
  { chain, providerId, alerts }: HealthContext,
  status: ChainStatus,
  before: Set<string>,
): Promise<number> {
  const found = new Set<string>()
  const [partitions, { provingPeriod }] = await Promise.all([chain.partitions(providerId), chain.params()])
  for (const { number, sectors, sound, lastProven } of partitions) {
    const subject = `partition ${number}`
    if (lastProven !== null && sound > 0 && status.height - lastProven > LATE_PERIODS * provingPeriod) {
      found.add(`PROOF_LATE ${subject}`)
      alerts.raise({
        code: 'PROOF_LATE',
        subject,
        message: `partition ${number} was last proven ${momentOf(lastProven, status)}`,
        hint: `a period has ${provingPeriod} epochs, and each brings a challenge: look at POST_FAILED and at the disk of its sectors`,
      })
    }
    if (sound === sectors) continue
    const members = await Array.fromAsync(chain.members({ provider: providerId, partition: number }, 'faulty'))
    const faultySectors = members.map((member) => member.number)
    if (faultySectors.length === 0) continue
    found.add(`PARTITION_FAULTY ${subject}`)
    alerts.raise({
      code: 'PARTITION_FAULTY',
      subject,
      message: `${faultySectors.length} of ${sectors} sectors of partition ${number} are faulty: ${faultySectors.slice(0, 8).join(', ')}`,
      hint: 'they earn nothing until they are recovered, which is asked for by itself once they prove; look at the disk and at SECTOR_DAMAGED',
    })
  }
  for (const standing of before) {
    const [code = '', ...subject] = standing.split(' ')
    if (!found.has(standing)) alerts.clear(code as 'PARTITION_FAULTY' | 'PROOF_LATE', subject.join(' '))
  }
  before.clear()
  for (const standing of found) before.add(standing)
  return partitions.length
}
