/** The lines of a .deny file as rules; https://specs.ipfs.tech/compact-denylist-format/. */
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import { sha256 } from 'multiformats/hashes/sha2'
import { type DenialStatus, type Denylist, digestBytes, hashOf, type PathRule } from './denylist.ts'

export interface ParsedDenylist {
  readonly denylist: Denylist
  /** How many rules there are in it. */
  readonly count: number
  /** Lines that are no rule that could be followed, by their numbers. */
  readonly skipped: readonly number[]
  /** How many of those are hashes of another function than SHA-256. */
  readonly foreignHashes: number
}

interface Collected {
  readonly rules: Map<string, PathRule[]>
  /** By the digest in hex; undefined: allowed. */
  readonly hashed: Map<string, DenialStatus | undefined>
}

/** What a header may be long, in lines: a file without one is read to its end all the same. */
const HEADER_LINES_MAX = 1_000

export async function parseDenylist(name: string, lines: AsyncIterable<string>): Promise<ParsedDenylist> {
  const collected: Collected = { rules: new Map(), hashed: new Map() }
  const skipped: number[] = []
  let foreignHashes = 0
  let number = 0
  let count = 0
  /** Lines that may be a header, or rules: only a line of --- says which. */
  let head: string[] | undefined = []
  let status: DenialStatus = 410
  const take = (line: string, at: number): void => {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) return
    if (takeRule(text, status, collected)) count += 1
    else {
      skipped.push(at)
      if (isForeignHash(text)) foreignHashes += 1
    }
  }
  for await (const line of lines) {
    number += 1
    if (head === undefined) take(line, number)
    else if (line.trimEnd() === '---') {
      status = statusIn(head)
      head = undefined
    } else {
      head.push(line)
      if (head.length === HEADER_LINES_MAX) {
        for (const [at, each] of head.entries()) take(each, at + 1)
        head = undefined
      }
    }
  }
  for (const [at, line] of (head ?? []).entries()) take(line, at + 1)
  const denylist = { name, rules: collected.rules, hashed: hashedParts(collected.hashed) }
  return { denylist, count, skipped, foreignHashes }
}

/** The one line of the YAML that matters: how the whole list wants to be answered. */
function statusIn(header: readonly string[]): DenialStatus {
  return header.some((line) => /^\s+gateway_status:\s*["']?451["']?\s*(#.*)?$/.test(line)) ? 451 : 410
}

function takeRule(line: string, listStatus: DenialStatus, into: Collected): boolean {
  const [first = '', ...hints] = line.split(/\s+/)
  const isAllowed = /^[+!-]/.test(first)
  const rule = isAllowed ? first.slice(1) : first
  const said = hints.find((hint) => hint.startsWith('gateway_status='))?.split('=')[1]
  const status = isAllowed ? undefined : said === '451' ? 451 : said === '410' ? 410 : listStatus
  if (rule.startsWith('//')) return takeHashed(rule.slice(2), status, into)
  // No names of IPNS are served here.
  if (rule.startsWith('/ipns/')) return true
  const [, cid, path = ''] = /^\/(?:ipfs|ipld)\/([^/]+)(?:\/(.*))?$/.exec(rule) ?? []
  return cid !== undefined && takePath(cid, path, status, into)
}

function takePath(text: string, path: string, status: DenialStatus | undefined, { rules }: Collected): boolean {
  try {
    const hash = hashOf(CID.parse(text))
    const isPrefix = path.endsWith('*')
    const decoded = decodeURIComponent(path.replace(/\/?\*$/, '')).replace(/^\/+|\/+$/g, '')
    rules.set(hash, [...(rules.get(hash) ?? []), { path: decoded, isPrefix, status }])
    return true
  } catch {
    return false
  }
}

/** A digest of SHA-256 in hex, or its multihash in base58btc. */
function takeHashed(text: string, status: DenialStatus | undefined, { hashed }: Collected): boolean {
  const digest = /^[0-9a-f]{64}$/i.test(text) ? text.toLowerCase() : digestIn(text)
  if (digest === undefined) return false
  hashed.set(digest, status)
  return true
}

/** A multihash, and of a function that nothing here is looked up by. */
function isForeignHash(line: string): boolean {
  const [, text = ''] = /^[+!-]?\/\/(\w+)(?:\s|$)/.exec(line) ?? []
  try {
    return decodeDigest(base58btc.decode(`z${text}`)).code !== sha256.code
  } catch {
    return false
  }
}

function digestIn(text: string): string | undefined {
  try {
    const { code, digest } = decodeDigest(base58btc.decode(`z${text}`))
    return code === sha256.code && digest.length === digestBytes ? Buffer.from(digest).toString('hex') : undefined
  } catch {
    return undefined
  }
}

function hashedParts(hashed: Collected['hashed']): Denylist['hashed'] {
  return ([410, 451] as const).flatMap((status) => {
    const sorted = [...hashed]
      .filter(([, each]) => each === status)
      .map(([digest]) => digest)
      .toSorted()
    if (sorted.length === 0) return []
    const digests = new Uint8Array(new SharedArrayBuffer(sorted.length * digestBytes))
    for (const [at, digest] of sorted.entries()) digests.set(Buffer.from(digest, 'hex'), at * digestBytes)
    return [{ status, digests }]
  })
}
