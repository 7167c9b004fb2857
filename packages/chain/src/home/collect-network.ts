/** Makes the genesis of a network of the entries of its validators: one file for all of them, in which nothing is secret. */
import { GranaryError, toHex } from '@granary/base'
import type { Hash } from '@granary/protocol/messages'
import { type Genesis, type GenesisAccount, genesisHash, genesisToJson } from '@granary/protocol/records'
import * as z from 'zod'
import { quicknet } from '../engine/quicknet.ts'
import { assertGenesis, genesisFromJson, productionGenesis } from '../state/index.ts'
import { readJson, writePublic } from './make-entry.ts'
import { checkEntry, EntryInvalidError, type NetworkEntry } from './network-entry.ts'
import { readGenesisAt } from './read-home.ts'

export interface CollectOptions {
  /** Files that `makeEntry` has written: in their order the validators stand in the genesis. */
  readonly entries: readonly string[]
  readonly chainId: string
  /** Who has the money at first; all of the supply. */
  readonly accounts: readonly GenesisAccount[]
  /** @default 5000 */
  readonly blockTimeMs?: number | undefined
  /** What a relay of another drand network says of it at `/info`. @default quicknet */
  readonly drandInfo?: string | undefined
  /** Time of the genesis. @default now */
  readonly timeMs?: number
  /** Of a chain that others are to join: it stays as it is, whatever else is given. @default one is made */
  readonly genesisFile?: string | undefined
  /** The network's file; no file is replaced. */
  readonly out: string
}

/** What every validator begins with. */
export interface CollectedNetwork {
  readonly genesis: Genesis
  readonly entries: readonly NetworkEntry[]
}

const drandInfo = z.object({ public_key: z.string().regex(/^[0-9a-f]{192}$/), genesis_time: z.int(), period: z.int() })

/** @throws GranaryError NETWORK_INVALID, GENESIS_INVALID, OUT_EXISTS */
export async function collectNetwork(
  options: CollectOptions,
): Promise<CollectedNetwork & { readonly genesisHash: Hash }> {
  const { genesisFile, out } = options
  const entries = await Promise.all(options.entries.map(async (path) => checkEntry(await readJson(path), path)))
  assertApart(entries, options.entries)
  const genesis = await (genesisFile === undefined
    ? newGenesis(options, entries)
    : readGenesisAt(genesisFile, genesisFile))
  await writePublic(out, { schemaVersion: 1, genesis: genesisToJson(genesis), entries })
  return { genesis, entries, genesisHash: genesisHash(genesis) }
}

async function newGenesis(options: CollectOptions, entries: readonly NetworkEntry[]): Promise<Genesis> {
  const { chainId, accounts, blockTimeMs, timeMs = Date.now() } = options
  const validators = entries.map(({ validator }) => validator)
  const given = { chainId, accounts, timeMs, beacon: await beaconOf(options.drandInfo), validator: validators[0]! }
  const one = productionGenesis({ ...given, ...(blockTimeMs === undefined ? {} : { blockTimeMs }) })
  const genesis: Genesis = { ...one, validators, owners: entries.map(({ owner }) => owner) }
  assertGenesis(genesis)
  return genesis
}

const networkSchema = z.strictObject({
  schemaVersion: z.literal(1),
  genesis: z.unknown(),
  entries: z.array(z.unknown()),
})

/** @throws GranaryError NETWORK_INVALID, GENESIS_INVALID */
export async function readCollected(path: string): Promise<CollectedNetwork & { readonly genesisHash: Hash }> {
  const parsed = networkSchema.safeParse(await readJson(path))
  if (!parsed.success) throw new EntryInvalidError(path, z.prettifyError(parsed.error))
  const genesis = genesisFromJson(parsed.data.genesis)
  const entries = parsed.data.entries.map((entry) => checkEntry(entry, path))
  return { genesis, entries, genesisHash: genesisHash(genesis) }
}

/** Two of one key would vote twice; two of one address are one machine. */
function assertApart(entries: readonly NetworkEntry[], paths: readonly string[]): void {
  const names = { validator: 'key', nodeId: 'node key', name: 'name' } as const
  for (const [index, entry] of entries.entries()) {
    const before = entries.slice(0, index)
    const same = (Object.keys(names) as (keyof typeof names)[]).find((key) =>
      before.some((each) => each[key] === entry[key]),
    )
    const where = paths[index]!
    if (same !== undefined) throw new EntryInvalidError(where, `another entry has the same ${names[same]}`)
    if (before.some(({ host, port }) => host === entry.host && port === entry.port))
      throw new EntryInvalidError(where, `another entry is reached at ${entry.host}:${entry.port} too`)
  }
}

async function beaconOf(path: string | undefined): Promise<Genesis['beacon']> {
  if (path === undefined) return quicknet
  const parsed = drandInfo.safeParse(await readJson(path))
  if (!parsed.success)
    throw new GranaryError({
      code: 'NETWORK_INVALID',
      message: `${path} does not say what a drand network is: ${z.prettifyError(parsed.error)}`,
      hint: 'save what a relay of it answers to /info; its keys have to be of the scheme bls-unchained-g1-rfc9380',
      details: { path },
    })
  const { public_key, genesis_time, period } = parsed.data
  const publicKey = toHex(new Uint8Array(Buffer.from(public_key, 'hex')))
  return { publicKey, genesisTimeMs: genesis_time * 1_000, periodMs: period * 1_000 }
}
