/** GET /routing/v1/providers/{cid}. https://specs.ipfs.tech/routing/http-routing-v1/ with its filters (IPIP-484). */

import { GranaryError } from '@granary/base'
import { parseCid } from '@granary/content'
import type { RequestHandler } from 'express'
import type { CID } from 'multiformats/cid'
import { type FindProviders, findProviders, type PeerRecord } from './find-providers.ts'
import { queryText } from './wanted-format.ts'

const RECORDS_MAX = 100
const NDJSON = 'application/x-ndjson'

export function serveRouting(sources: FindProviders): RequestHandler {
  return async (request, response) => {
    const cid = routableCid(String(request.params.cid))
    const stopped = new AbortController()
    response.once('close', () => stopped.abort())
    const found = await findProviders(cid, sources, RECORDS_MAX, { signal: stopped.signal })
    const records = filterRecords(found, queryText(request, 'filter-addrs'), queryText(request, 'filter-protocols'))
    response.setHeader('Cache-Control', `public, max-age=${records.length === 0 ? 15 : 300}`)
    response.setHeader('Last-Modified', new Date().toUTCString())
    response.setHeader('Vary', 'Accept')
    if (request.accepts(['application/json', NDJSON]) !== NDJSON) return void response.json({ Providers: records })
    response.setHeader('Content-Type', NDJSON)
    response.end(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  }
}

/** The same error as elsewhere, under the status that this protocol wants. */
function routableCid(text: string): CID {
  try {
    return parseCid(text)
  } catch (error) {
    if (!GranaryError.is(error)) throw error
    throw new GranaryError({ ...error.toJSON(), code: 'ROUTING_CID_INVALID', cause: error })
  }
}

/** `unknown` keeps what names no address or protocol, `!x` drops what has x; an empty filter keeps all. */
export function filterRecords(
  records: readonly PeerRecord[],
  addresses: string | undefined,
  protocols: string | undefined,
): PeerRecord[] {
  const byProtocol = filterOf(protocols)
  const byAddress = filterOf(addresses)
  return records.flatMap((record) => {
    if (!byProtocol.keepsAny(record.Protocols.map((name) => [name]))) return []
    if (record.Addrs.length === 0) return byAddress.keepsAny([]) ? [record] : []
    const Addrs = record.Addrs.filter((address) => byAddress.keeps(address.split('/')))
    return Addrs.length === 0 ? [] : [{ ...record, Addrs }]
  })
}

function filterOf(text = ''): { keeps(names: string[]): boolean; keepsAny(items: string[][]): boolean } {
  const terms = text
    .toLowerCase()
    .split(',')
    .filter((term) => term !== '')
  const unwanted = terms.filter((term) => term.startsWith('!')).map((term) => term.slice(1))
  const wanted = terms.filter((term) => !term.startsWith('!'))
  const keeps = (names: string[]): boolean =>
    !names.some((name) => unwanted.includes(name.toLowerCase())) &&
    (wanted.length === 0 || names.some((name) => wanted.includes(name.toLowerCase())))
  return {
    keeps,
    keepsAny: (items) => (items.length === 0 ? wanted.length === 0 || wanted.includes('unknown') : items.some(keeps)),
  }
}
