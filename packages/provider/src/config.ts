/** `<home>/provider/config.json`: what the owner decides. Read once at start, checked by its schema, written whole. */
import { readFile } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import * as z from 'zod'
import { describeIssues } from './describe-issues.ts'

export interface ProviderConfig {
  readonly schemaVersion: 1
  readonly chainUrl: string
  readonly profile: string
  readonly name: string
  readonly region: string
  /** The port of the last run: a registered endpoint has to stay where it is. */
  readonly port?: number | undefined
  /** What is rented out. @default as much as the disk has */
  readonly capacityBytes?: number | undefined
  /** Kept free on the disk for the database, the queue and the sealing at hand. @default 256 MiB */
  readonly diskReserveBytes: number
  /** How long after its publication a deal may take to become active; it is promised in the terms. @default 1 hour */
  readonly activateWithinMs: number
  /** attoGRN; what is missing of it is deposited at each start, of at most half of what the account has. @default 100 GRN */
  readonly collateral: string
  readonly ask: AskConfig
  readonly limits: LimitsConfig
}

export interface AskConfig {
  /** attoGRN. @default 0.001 GRN */
  readonly pricePerGiBEpoch: string
  /** @default 128 */
  readonly pieceSizeMin: number
  /** @default the profile's sector */
  readonly pieceSizeMax?: number | undefined
  /** Hundredths of a percent of the price that it puts up as collateral at most. @default 10 000: the whole price */
  readonly collateralShareMaxBps: number
  /** @default 30 s */
  readonly durationMinMs: number
  /** @default 1 year */
  readonly durationMaxMs: number
  /** @default 1 year */
  readonly validMs: number
}

/** What clients may hold without having paid for it, and what one address may use. */
export interface LimitsConfig {
  /** @default 16 */
  readonly uploadsPerClient: number
  /** @default 64 GiB */
  readonly stagedBytesPerClient: number
  /** @default 24 hours */
  readonly uploadExpiryMs: number
  /** @default 1 hour */
  readonly quoteValidMs: number
  /** Asked for by an address while a quote is valid, whatever accounts they name. @default 256 */
  readonly quotesPerAddress: number
  /** @default 65,536 */
  readonly quotesTotal: number
  /** Agreements that are not published yet, of all clients. @default 256 GiB */
  readonly offeredBytes: number
  /** Of each address, on all routes. @default 6000 */
  readonly requestsPerMinute: number
  /** Of each address, sent and received. @default 8 GiB */
  readonly bytesPerMinute: number
  /** Of each address at a time. @default 64 */
  readonly connectionsPerAddress: number
  /** Of each address at a time. @default 8 */
  readonly downloadsPerAddress: number
  /** Of all addresses at a time: each holds up to two blocks in memory. @default 16 */
  readonly downloads: number
  /** Programs of this machine are limited too, a proxy among them. @default false */
  readonly loopback: boolean
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const MIB = 1024 ** 2
const GIB = 1024 ** 3

const wholeBytes = z.int().nonnegative()
const port = z.int().min(0).max(65_535)
const attoGrn = z.string().regex(/^\d{1,39}$/, 'expected a whole number of attoGRN')

const askFields = z.strictObject({
  pricePerGiBEpoch: attoGrn.default('1000000000000000'),
  pieceSizeMin: wholeBytes.default(128),
  pieceSizeMax: wholeBytes.optional(),
  collateralShareMaxBps: z.int().min(0).max(1_000_000).default(10_000),
  durationMinMs: z
    .int()
    .positive()
    .default(MINUTE_MS / 2),
  durationMaxMs: z
    .int()
    .positive()
    .default(365 * 24 * HOUR_MS),
  validMs: z
    .int()
    .positive()
    .default(365 * 24 * HOUR_MS),
})
const askSchema: z.ZodType<AskConfig, unknown> = askFields
  .refine(({ pieceSizeMin, pieceSizeMax = pieceSizeMin }) => pieceSizeMin <= pieceSizeMax, {
    path: ['pieceSizeMin'],
    error: 'larger than pieceSizeMax',
  })
  .refine(({ durationMinMs, durationMaxMs }) => durationMinMs <= durationMaxMs, {
    path: ['durationMinMs'],
    error: 'longer than durationMaxMs',
  })

const limitsSchema: z.ZodType<LimitsConfig, unknown> = z.strictObject({
  uploadsPerClient: z.int().positive().default(16),
  stagedBytesPerClient: wholeBytes.default(64 * GIB),
  uploadExpiryMs: z
    .int()
    .positive()
    .default(24 * HOUR_MS),
  quoteValidMs: z.int().positive().default(HOUR_MS),
  quotesPerAddress: z.int().positive().default(256),
  quotesTotal: z.int().positive().default(65_536),
  offeredBytes: wholeBytes.default(256 * GIB),
  requestsPerMinute: z.int().positive().default(6_000),
  bytesPerMinute: z
    .int()
    .positive()
    .default(8 * GIB),
  connectionsPerAddress: z.int().positive().default(64),
  downloadsPerAddress: z.int().positive().default(8),
  downloads: z.int().positive().default(16),
  loopback: z.boolean().default(false),
})

const configSchema: z.ZodType<ProviderConfig, unknown> = z.strictObject({
  schemaVersion: z.literal(1),
  chainUrl: z.url({ protocol: /^https?$/ }),
  profile: z.string(),
  name: z.string().max(64).default(''),
  region: z.string().max(64).default(''),
  port: port.optional(),
  capacityBytes: wholeBytes.optional(),
  diskReserveBytes: wholeBytes.default(256 * MIB),
  activateWithinMs: z.int().positive().default(HOUR_MS),
  collateral: attoGrn.default('100000000000000000000'),
  ask: askSchema.prefault({}),
  limits: limitsSchema.prefault({}),
})

/** A first configuration, everything else by default. */
export function newConfig(given: Pick<ProviderConfig, 'chainUrl' | 'profile' | 'name'>): ProviderConfig {
  return configSchema.parse({ schemaVersion: 1, ...given })
}

export class ConfigError extends GranaryError {
  constructor(path: string, problem: string, cause?: unknown) {
    super({
      code: 'CONFIG_INVALID',
      message: `${path}: ${problem}`,
      hint: 'correct the file; the keys beside it are those of your account and of your sectors: keep them',
      details: { path },
      cause,
    })
  }
}

export class HomeMissingError extends GranaryError {
  constructor(path: string) {
    super({
      code: 'HOME_MISSING',
      message: `there is no ${path}`,
      hint: 'run `granary provider init` for this --home first',
      details: { path },
    })
  }
}

/** @throws HomeMissingError, ConfigError */
export async function readConfig(path: string): Promise<ProviderConfig> {
  const text = await readText(path)
  const parsed = configSchema.safeParse(parseJson(path, text))
  if (!parsed.success) throw new ConfigError(path, describeIssues(parsed.error))
  return parsed.data
}

export async function writeConfig(path: string, config: ProviderConfig): Promise<void> {
  await writeFileDurably(path, `${JSON.stringify(configSchema.parse(config), null, 2)}\n`, 0o644)
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new HomeMissingError(path)
    throw error
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new ConfigError(path, 'not JSON', error)
  }
}
