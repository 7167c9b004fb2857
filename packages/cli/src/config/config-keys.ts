/** Every setting that a file may hold: each has the name of its flag, whose parser also reads it here. */
import { InvalidArgumentError } from 'commander'
import { closest, distance } from 'fastest-levenshtein'
import { COPIES_MAX, durationMs, genesisHash, grn, httpUrl, trustedHeader, wholeNumber } from '../options.ts'

export interface ConfigKey {
  /** For `config list`, and for people who write the file. */
  readonly description: string
  /** The variable of the environment that has the same setting. */
  readonly env?: string
  /** A value that does not fit. @throws InvalidArgumentError */
  readonly parse: (text: string) => unknown
  /** Relative ones are seen from the folder of the file. */
  readonly isPath?: true
  /**
   * A file that comes with somebody else's project must not say where keys are, nor what may be spent: only the user's own
   * file, the environment and flags do.
   */
  readonly userOnly?: true
  /** It may have several values: a list in a file, words with spaces between them elsewhere; each is parsed by itself. */
  readonly isList?: true
  /** Of the commands that have such a flag, those whose it sets. @default all */
  readonly commands?: readonly string[]
}

export const configKeys = {
  network: {
    description: 'which of `networks`, or of the devnets that run, is meant',
    env: 'GRANARY_NETWORK',
    parse: networkName,
  },
  chain: { description: 'address of a chain node', env: 'GRANARY_CHAIN', parse: httpUrl },
  genesis: {
    description: 'genesis hash of the chain that is meant: a node of another one is refused',
    env: 'GRANARY_GENESIS',
    parse: genesisHash,
    userOnly: true,
  },
  'trusted-header': {
    description: 'HEIGHT:HASH of a header of the chain, which is believed',
    env: 'GRANARY_TRUSTED_HEADER',
    parse: trustedHeader,
    userOnly: true,
  },
  witness: {
    description: 'other nodes of the chain: where one shows another chain nothing is sent',
    parse: httpUrl,
    userOnly: true,
    isList: true,
  },
  home: { description: 'keys, journal and stores', env: 'GRANARY_HOME', parse: String, isPath: true, userOnly: true },
  'passphrase-file': {
    description: 'holds the passphrase of the key',
    env: 'GRANARY_PASSPHRASE_FILE',
    parse: String,
    isPath: true,
    userOnly: true,
  },
  duration: { description: 'how long a put stores, such as 180d', parse: durationMs },
  copies: { description: 'with how many providers a put stores', parse: wholeNumber(1, COPIES_MAX) },
  'max-price': {
    description: 'GRN that a put, renew or topup may cost without a question, and never more',
    parse: grn,
    userOnly: true,
    // Money that is sent away is asked about each time.
    commands: ['put', 'renew', 'topup'],
  },
  gateway: { description: 'trustless gateways to ask for what no provider gives', parse: httpUrl, isList: true },
} as const satisfies Record<string, ConfigKey>

export type ConfigKeyName = keyof typeof configKeys

export const configKeyNames = Object.keys(configKeys) as ConfigKeyName[]

export function configKeyOf(name: string): ConfigKey | undefined {
  return Object.hasOwn(configKeys, name) ? configKeys[name as ConfigKeyName] : undefined
}

/** What a network has in a file, under `networks.NAME`. */
export const networkKeys = {
  chain: { description: 'address of a node of its chain', parse: httpUrl },
  genesis: { description: 'genesis hash of its chain', parse: genesisHash, userOnly: true },
  'trusted-header': { description: 'HEIGHT:HASH of a header of its chain', parse: trustedHeader, userOnly: true },
  witness: { description: 'other nodes of its chain', parse: httpUrl, userOnly: true, isList: true },
  home: { description: 'keys and journal for it', parse: String, isPath: true, userOnly: true },
} as const satisfies Record<string, ConfigKey>

/** Words beyond this are no slip of the hand. */
const SLIP_MAX = 3

/** `; did you mean "chain"?`, or nothing. */
export function suggestion(name: string, known: readonly string[]): string {
  if (known.length === 0) return ''
  const nearest = closest(name, known)
  return distance(name, nearest) <= Math.min(SLIP_MAX, name.length - 1) ? `; did you mean "${nearest}"?` : ''
}

export function networkName(text: string): string {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(text)) return text
  throw new InvalidArgumentError('expected lower-case letters, digits and dashes.')
}

/** A setting with several values has them one behind the other. */
export function valuesOf({ isList }: Pick<ConfigKey, 'isList'>, text: string): string[] {
  return isList ? text.split(/\s+/).filter((value) => value !== '') : [text]
}
