/** Options that several commands share: flag before environment before files (`config/`) before default. */
import { resolve } from 'node:path'
import { parseGrn } from '@granary/protocol/grn'
import type { Hash } from '@granary/protocol/messages'
import { type Command, InvalidArgumentError, Option } from 'commander'
import envPaths from 'env-paths'
import type { ProgramContext } from './program-context.ts'

export const CHAIN_URL_DEFAULT = 'http://127.0.0.1:7460'

export interface HomeOptions {
  readonly home?: string
}

export interface ChainOptions {
  readonly chain: string
  readonly genesis?: string
  readonly witness?: readonly string[]
  /** What it stands for is in `chain` and `home` when a command begins. */
  readonly network?: string
}

export interface PassphraseOptions {
  readonly passphraseFile?: string
}

export interface JsonOptions {
  readonly json?: true
}

export interface QuietOptions {
  readonly quiet?: true
}

export interface SpendingOptions {
  readonly yes?: true
  /** attoGRN */
  readonly maxPrice?: bigint
  readonly dryRun?: true
}

export function withHome(command: Command): Command {
  return command.addOption(
    new Option('--home <folder>', "keys, journal and stores (default: the platform's data folder)").env('GRANARY_HOME'),
  )
}

export function withChain(command: Command): Command {
  return command
    .addOption(
      new Option('--network <name>', 'a devnet that runs here, or one of your networks').env('GRANARY_NETWORK'),
    )
    .addOption(new Option('--chain <url>', 'address of a chain node').env('GRANARY_CHAIN').default(CHAIN_URL_DEFAULT))
    .addOption(
      new Option('--genesis <hash>', 'of the chain that is meant: a node of another one is refused').env(
        'GRANARY_GENESIS',
      ),
    )
    .option('--witness <url>', 'another node: where it shows another chain nothing is sent; once for each', witnesses)
}

function witnesses(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, httpUrl(text)]
}

/** For commands that believe no node: where trust in the votes of validators begins. */
export function withTrustedHeader(command: Command): Command {
  return command.addOption(
    new Option(
      '--trusted-header <height:hash>',
      'of the chain, which is believed: after more than 32 hours without it (default: the newest that was verified)',
    ).env('GRANARY_TRUSTED_HEADER'),
  )
}

export function withPassphrase(command: Command): Command {
  return command.addOption(
    new Option('--passphrase-file <file>', 'holds the passphrase of the key (a devnet makes its own)').env(
      'GRANARY_PASSPHRASE_FILE',
    ),
  )
}

export function withJson(command: Command, description = 'print one JSON document on standard output'): Command {
  return command.option('--json', description)
}

/** For commands that tell what they do, and whose result has a form of one word. */
export function withQuiet(command: Command, description: string): Command {
  return command.option('-q, --quiet', description)
}

/** For commands that spend: `confirmSpending` takes what they give. */
export function withSpending(command: Command): Command {
  return command
    .option('-y, --yes', 'spend without being asked')
    .option('--max-price <GRN>', 'spend up to so much without being asked, and never more', grn)
    .option('--dry-run', 'say what it would cost, and spend nothing')
}

/** Hidden: a devnet sets it for its children, so that none is left when the devnet itself is killed. */
export function withParent(command: Command): Command {
  return command.addOption(new Option('--stop-with-parent', 'stop when standard input ends').hideHelp())
}

/** Of a devnet's programs, which all start at once: the chain's address is the first line of standard input. */
export function withChainFromParent(command: Command): Command {
  return command.addOption(
    new Option('--chain-from-parent', 'read the address of the chain from standard input').hideHelp(),
  )
}

export function homeOf({ home }: HomeOptions): string {
  return resolve(home ?? envPaths('granary', { suffix: '' }).data)
}

/** Tables that any process may make again: shared by all that use this home. */
export function cacheOf(home: string, { env }: Pick<ProgramContext, 'env'>): string {
  return resolve(env.GRANARY_CACHE ?? `${home}/cache`)
}

/** Options that name a variable take their value from this environment; commander alone knows only that of the process. */
export function withEnvironment(command: Command, env: ProgramContext['env']): Command {
  for (const option of command.options) {
    const { envVar } = option
    if (envVar === undefined) continue
    delete option.envVar
    option.description += ` (env: ${envVar})`
    if (env[envVar] !== undefined) command.setOptionValueWithSource(option.attributeName(), env[envVar], 'env')
  }
  for (const below of command.commands) withEnvironment(below, env)
  return command
}

/** Of a put, with as many providers. */
export const COPIES_MAX = 64

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}.`)
  }
}

const GIB = 1024 ** 3
/** Eight PiB. */
const STORAGE_BYTES_MAX = 2 ** 23 * GIB

/** `1800` (GiB), `20GiB`, `1.5 TiB`, `2TB`, `500G` (as disks are sold, by thousands) → bytes. */
export function storageBytes(text: string): number {
  const [, number, letter = '', by1024] = /^(\d{1,15}(?:\.\d{1,6})?)(?:\s*([MGTP])(i)?B?)?$/i.exec(text.trim()) ?? []
  const unit = letter === '' ? GIB : (by1024 ? 1024 : 1000) ** ('MGTP'.indexOf(letter.toUpperCase()) + 2)
  const bytes = Math.floor(Number(number) * unit)
  // Less than one is a slip of the unit.
  if (bytes >= GIB && bytes <= STORAGE_BYTES_MAX) return bytes
  throw new InvalidArgumentError('expected GiB, or a size such as 20GiB, 1.5TiB or 2TB, from 1 GiB to 8 PiB.')
}

export function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text
  throw new InvalidArgumentError('expected an HTTP address.')
}

export const port: (text: string) => number = wholeNumber(0, 65_535)

/** `0.0125`, `12 GRN` → attoGRN. */
export function grn(text: string): bigint {
  try {
    return parseGrn(text)
  } catch {
    throw new InvalidArgumentError('expected GRN with at most 18 decimals, such as 0.0125.')
  }
}

/** `0x` and 64 digits, of the genesis of a chain. */
export function genesisHash(text: string): Hash {
  if (/^0x[0-9a-f]{64}$/.test(text)) return text as Hash
  throw new InvalidArgumentError('expected the hash of a genesis: 0x and 64 lower-case hex digits.')
}

/** `1234:0x…`, of a header. */
export function trustedHeader(text: string): { readonly height: number; readonly hash: Hash } {
  const [, height, hash] = /^(\d{1,15}):(0x[0-9a-f]{64})$/.exec(text) ?? []
  if (hash !== undefined) return { height: Number(height), hash: hash as Hash }
  throw new InvalidArgumentError(
    'expected the height of a header, a colon and its hash: 0x and 64 lower-case hex digits.',
  )
}

/** `2027-01-31`, `2027-01-31 18:00`, `2027-01-31T18:00Z`: UTC. */
export function dateUtc(text: string): Date {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?Z?$/.exec(text.trim())
  const date = new Date(match === null ? Number.NaN : `${match[1]}T${match[2] ?? '00:00'}:00Z`)
  // The 31st of February would quietly be a day in March.
  if (match === null || Number.isNaN(date.getTime()) || !date.toISOString().startsWith(match[1]!))
    throw new InvalidArgumentError('expected a date, such as 2027-01-31 or "2027-01-31 18:00", in UTC.')
  return date
}

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `90s`, `30m`, `12h`, `180d` → milliseconds. */
export function durationMs(text: string): number {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  if (!digits || !unit) throw new InvalidArgumentError('expected a number with s, m, h or d, such as 30m or 180d.')
  return Number(digits) * UNIT_MS[unit as keyof typeof UNIT_MS]
}
