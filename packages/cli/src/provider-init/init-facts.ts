/** What `provider init` has made, what is to be expected of the machine and risked with it, and what comes next. */
import { networkInterfaces } from 'node:os'
import { formatAmount } from '../print/amounts.ts'
import type { Action } from '../print/envelope.ts'
import type { Fact } from '../print/facts.ts'
import { formatBytes, formatMs } from '../print/quantities.ts'
import { formatDuration } from '../print/times.ts'
import type { InitAnswers } from './init-answers.ts'
import type { Surroundings } from './look-around.ts'

const DAY_MS = 86_400_000

export interface InitFacts {
  readonly address: string
  readonly files: readonly string[]
  readonly chain: { readonly url: string; readonly answers: boolean }
  readonly profile: string
  readonly measured: {
    readonly kernel: string
    readonly labelNs: number
    /** Of one sector, as far as a small one tells. */
    readonly sealingMs: number
    readonly sectorsPerDay: number
    readonly diskBytesPerSecond: number
  }
  readonly pricePerGiBEpoch: string
  readonly publicUrl: string | null
  readonly activateWithinMs: number | null
  readonly lockedPerSector: string | null
}

export interface Made {
  readonly address: string
  readonly files: readonly string[]
}

export function initFacts({ address, files }: Made, seen: Surroundings, { config }: InitAnswers): InitFacts {
  const { chainUrl, status, profile, speed, sealingMs, diskBytesPerSecond, lockedPerSector } = seen
  return {
    address,
    files,
    chain: { url: chainUrl, answers: status !== undefined },
    profile: profile.name,
    measured: {
      kernel: speed.kernel,
      labelNs: Math.round(speed.labelNs),
      sealingMs,
      sectorsPerDay: Math.floor(DAY_MS / sealingMs),
      diskBytesPerSecond: Math.round(diskBytesPerSecond),
    },
    pricePerGiBEpoch: config.ask?.pricePerGiBEpoch ?? '',
    publicUrl: config.publicUrl ?? null,
    activateWithinMs: config.activateWithinMs ?? null,
    lockedPerSector: lockedPerSector === undefined ? null : `${lockedPerSector}`,
  }
}

export function initWords({ measured, ...made }: InitFacts, sectorBytes: number): Record<string, Fact> {
  const { sealingMs, sectorsPerDay, kernel, labelNs, diskBytesPerSecond } = measured
  const { url, answers } = made.chain
  return {
    owner: made.address,
    files: made.files,
    chain: answers ? url : `${url}, which does not answer yet: what it takes is seen at the first start`,
    sealing: [
      `about ${sealingMs < 60_000 ? formatMs(sealingMs) : formatDuration(sealingMs)} a sector of ${made.profile}, one after the other ${formatBytes(sectorsPerDay * sectorBytes)} a day`,
      `by the ${kernel} kernel, at ${labelNs} ns a label; measured with a small sector`,
    ].map(String),
    disk: `${formatBytes(diskBytesPerSecond)} a second written`,
    price: `${formatAmount(made.pricePerGiBEpoch)} for a GiB an epoch`,
    address: made.publicUrl ?? 'http://127.0.0.1:7470, for this machine alone: publicUrl of config.json is another',
    promise:
      made.activateWithinMs === null
        ? 'deals are active within what the chain demands, an hour at least'
        : `deals are active within ${formatDuration(made.activateWithinMs)}: three times what a sector takes here`,
    risk:
      made.lockedPerSector === null
        ? 'each sector locks collateral; a proof that is missed costs some of it, a lost sector that of its deals'
        : `each sector locks ${formatAmount(made.lockedPerSector)}; a proof that is missed costs some of it, a lost sector that of its deals too`,
  }
}

export interface NextSteps {
  readonly home: string
  readonly devnet: boolean
  readonly passphraseFile?: string | undefined
  /** The owner's key is not here. */
  readonly ownerAway: boolean
}

export function nextSteps({ address, publicUrl }: InitFacts, next: NextSteps): Action[] {
  const { home, devnet, passphraseFile, ownerAway } = next
  const opened = passphraseFile === undefined ? '' : ` --passphrase-file ${passphraseFile}`
  const run = `granary provider run --home ${home}${opened}${publicUrl !== null && isOwnAddress(publicUrl) ? ' --host 0.0.0.0' : ''}`
  const money = devnet ? '' : `: move money to ${address} first`
  const doctor = { cmd: `granary provider doctor --home ${home}`, why: 'looks at all that could stand in its way' }
  if (!ownerAway) return [{ cmd: run, why: `registers it and serves${money}` }, doctor]
  return [
    { cmd: run, why: 'writes registration.json, says that its owner has to sign it, and ends' },
    {
      cmd: `granary provider register --home ${home} --owner-key FILE --session-limit 50 --session-time 90d`,
      why: `with the key of ${address}, here or elsewhere beside a copy of registration.json; then run it again`,
    },
    doctor,
  ]
}

/** One of this machine's: then it has to listen on it; a name, or a proxy's, is forwarded to the loopback. */
function isOwnAddress(url: string): boolean {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .some(({ address, internal }) => !internal && address === host)
}
