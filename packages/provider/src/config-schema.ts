/** Every key of config.json, with its default and what it means: `granary provider config` and the operators' page print this. */
import { MessageInvalidError, parseAddress } from '@granary/protocol/messages'
import * as z from 'zod'
import { volumeRoles } from './storage/volumes.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const GIB = 1024 ** 3

const wholeBytes = z.int().nonnegative()
const port = z.int().min(0).max(65_535)
const attoGrn = z.string().regex(/^\d{1,39}$/, 'expected a whole number of attoGRN')

const positive = z.int().positive()
const libp2pAddress = z
  .string()
  .max(256)
  .regex(/^\/[a-z0-9-]+\/[\x21-\x7e]+$/, 'expected a multiaddr such as /dns/attic.example/tcp/7471')

const askSchema = z
  .strictObject({
    pricePerGiBEpoch: attoGrn.default('1000000000000000').describe('price of a GiB of piece an epoch, in attoGRN'),
    pieceSizeMin: wholeBytes.default(128).describe('smallest piece that is taken, padded'),
    pieceSizeMax: wholeBytes.optional().describe('largest piece that is taken, padded; without it a sector'),
    collateralShareMaxBps: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(10_000)
      .describe('most collateral put up for a deal, in hundredths of a percent of its price'),
    durationMinMs: positive.default(MINUTE_MS / 2).describe('shortest deal'),
    durationMaxMs: positive.default(365 * 24 * HOUR_MS).describe('longest deal'),
    validMs: positive
      .default(365 * 24 * HOUR_MS)
      .describe('for how long the ask holds, 100 blocks at least; renewed when half of it is over'),
  })
  .refine(({ pieceSizeMin, pieceSizeMax = pieceSizeMin }) => pieceSizeMin <= pieceSizeMax, {
    path: ['pieceSizeMin'],
    error: 'larger than pieceSizeMax',
  })
  .refine(({ durationMinMs, durationMaxMs }) => durationMinMs <= durationMaxMs, {
    path: ['durationMinMs'],
    error: 'longer than durationMaxMs',
  })

const limitsSchema = z.strictObject({
  uploadsPerClient: positive.default(16).describe('open uploads of a client'),
  stagedBytesPerClient: wholeBytes.default(64 * GIB).describe('bytes of a client that no agreement is about yet'),
  uploadExpiryMs: positive.default(24 * HOUR_MS).describe('an upload without an agreement is removed after this'),
  quoteValidMs: positive.default(HOUR_MS).describe('for how long a quote holds'),
  quotesPerAddress: positive
    .default(256)
    .describe('asked for by an address while a quote is valid, whatever accounts they name'),
  quotesTotal: positive.default(65_536).describe('open quotes of all addresses'),
  offeredBytes: wholeBytes.default(256 * GIB).describe('agreements of all clients that are not published yet'),
  requestsPerMinute: positive.default(6_000).describe('of each address, on all routes'),
  bytesPerMinute: positive.default(8 * GIB).describe('of each address, sent and received'),
  connectionsPerAddress: positive.default(64).describe('of each address at a time'),
  downloadsPerAddress: positive.default(8).describe('of each address at a time'),
  downloads: positive.default(16).describe('of all addresses at a time: each holds up to two blocks in memory'),
  loopback: z.boolean().default(false).describe('programs of this machine are limited too, a proxy among them'),
})

const sealingSchema = z.strictObject({
  afterMs: z
    .int()
    .nonnegative()
    .optional()
    .describe(
      'how long a piece waits for others to share its sector; without it a quarter of activateWithinMs, on a devnet 2 s',
    ),
  redis: z
    .url({ protocol: /^rediss?$/ })
    .optional()
    .describe(
      'a Redis by which workers of other machines seal too, as redis://HOST:6379, also with a password: it is never printed; without it threads of this machine seal. `--redis` and GRANARY_REDIS go before it',
    ),
  parallel: z
    .int()
    .min(0)
    .max(64)
    .default(1)
    .describe('steps of sealing at a time on this machine, a core each; 0 leaves all to workers, with a Redis'),
  together: z
    .int()
    .min(1)
    .max(4)
    .default(4)
    .describe('sectors that wait are sealed in lockstep by one core, up to so many, which takes as much memory'),
  memoryBytes: z
    .int()
    .positive()
    .optional()
    .describe('what all steps of sealing together may take; without it what is free when a step begins'),
})

/** Also as `granary wallet` shows it, with its checksum. */
const account = z.string().transform((text, context) => {
  try {
    return parseAddress(text)
  } catch (error) {
    if (!(error instanceof MessageInvalidError)) throw error
    context.addIssue({ code: 'custom', message: error.message })
    return z.NEVER
  }
})

const clientsSchema = z.strictObject({
  allow: z.array(account).max(10_000).default([]).describe('accounts that deals are made with; empty: with everybody'),
  deny: z.array(account).max(10_000).default([]).describe('accounts that no deals are made with'),
})

const roles = z.array(z.enum(volumeRoles)).max(volumeRoles.length)

const volumeSchema = z.strictObject({
  path: z.string().startsWith('/', 'expected a path that begins at the root'),
  id: z.uuid(),
  roles,
  capacityBytes: wholeBytes.optional(),
  weight: z.number().positive().max(1_000).default(1),
})

export const configSchema = z.strictObject({
  schemaVersion: z.literal(1).describe('of this file'),
  chainUrl: z.url({ protocol: /^https?$/ }).describe('address of a node of the chain'),
  witnesses: z
    .array(z.url({ protocol: /^https?$/ }))
    .max(8)
    .default([])
    .describe(
      'addresses of other nodes: nothing is given up by a state that none of them shows, or of which one shows another',
    ),
  trustedHeader: z
    .string()
    .regex(/^\d{1,15}:0x[0-9a-f]{64}$/, 'expected the height of a header, a colon and its hash')
    .optional()
    .describe(
      'HEIGHT:HASH of a header that is believed, after more than 32 hours without its chain; without it the newest that was verified',
    ),
  profile: z.string().describe('size of its sectors; another needs another home'),
  profiles: z
    .array(z.string())
    .max(8)
    .default([])
    .describe(
      'further sizes: a piece goes into the smallest sector that holds it, or into a larger one that it fills with others',
    ),
  owner: account
    .optional()
    .describe('account that owns it, where its key may be away; without it the one whose key is in the home'),
  name: z.string().max(64).default('').describe('what clients see'),
  region: z.string().max(64).default('').describe('where it is, for clients that care'),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('address that clients are told; without it the one that is listened on'),
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: port.optional().describe('that of the last run, at first 7470: a registered address has to stay where it is'),
  libp2pPort: port.optional().describe('that of the last run, at first 7471, of bitswap'),
  libp2pAddresses: z
    .array(libp2pAddress)
    .max(7)
    .optional()
    .describe('multiaddrs under which others reach its bitswap; without it, the host of its address and libp2pPort'),
  acceptDeals: z.boolean().default(true).describe('false: the ask is ended and no new quote is given'),
  adminPort: port.default(0).describe("of the owner's own listener on this machine, with /metrics; 0 for any free one"),
  alertsUrl: z
    .url({ protocol: /^https?$/ })
    .refine(
      (text) => !hasCredentials(text),
      'names a user or a password, which no request takes: put a word into its path',
    )
    .optional()
    .describe('where alerts and their ends are sent, as JSON by POST; without it nowhere'),
  capacityBytes: wholeBytes.optional().describe('what is rented out; without it as much as the disk has'),
  diskReserveBytes: wholeBytes
    .optional()
    .describe('kept free on each disk; without it 2 GiB, and of a small disk two fifths'),
  homeRoles: roles
    .default([...volumeRoles])
    .describe("what the home's own disk takes: sectors while they are sealed, replicas, unsealed pieces and uploads"),
  volumes: z
    .array(volumeSchema)
    .max(256)
    .refine(
      (all) => new Set(all.flatMap(({ path, id }) => [path, id])).size === 2 * all.length,
      'names a path or an id twice: one disk under two names would be taken for two copies',
    )
    .default([])
    .describe('other disks, and what each takes; `granary provider volumes add` makes them'),
  ordersMaxMs: z
    .int()
    .nonnegative()
    .default(2 * 365 * 24 * HOUR_MS)
    .describe('for how long from now a standing order may keep a deal going at its price; 0: none is taken'),
  activateWithinMs: positive.default(HOUR_MS).describe('within which a deal is active; it is promised in the terms'),
  collateral: attoGrn
    .default('100000000000000000000')
    .describe('attoGRN; what is missing is deposited while deals are taken, of at most half of what the account has'),
  ask: askSchema.prefault({}).describe('what it asks of clients; it stands on the chain'),
  clients: clientsSchema.prefault({}).describe('whom it deals with'),
  sealing: sealingSchema.prefault({}).describe('what sealing may take of this machine'),
  maintenance: z
    .array(z.int().nonnegative())
    .max(100_000)
    .default([])
    .describe(
      'numbers of sectors that are declared faulty, and not asked back while they stand here; `proving declare` and `proving recover` change it',
    ),
  denylists: z
    .array(z.string().min(1))
    .max(32)
    .default([])
    .describe('.deny files, by their paths: what their rules name is not served; read anew at each reload'),
  limits: limitsSchema
    .prefault({})
    .describe('what clients may hold without having paid for it, and what one address may use'),
})

function hasCredentials(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.username !== '' || url.password !== '')
}
