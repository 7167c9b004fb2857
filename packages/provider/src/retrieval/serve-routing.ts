/**
 * GET /routing/v1/providers/{cid} and /routing/v1/peers/{peer}, with the filters of IPIP-484.
 * https://specs.ipfs.tech/routing/http-routing-v1/
 */

import { GranaryError } from '@granary/base'
import { parseCid } from '@granary/content'
import type { Request, RequestHandler, Response } from 'express'
import type { CID } from 'multiformats/cid'
import { canonicalPeerId, type FindPeer } from './find-peer.ts'
import { type FindProviders, findProviders, type PeerRecord, recordOf, type Self } from './find-providers.ts'
import { queryText } from './wanted-format.ts'

const RECORDS_MAX = 100
const NDJSON = 'application/x-ndjson'

export function serveProviders(sources: FindProviders): RequestHandler {
  return async (request, response) => {
    const cid = routableCid(String(request.params.cid))
    const stopped = new AbortController()
    response.once('close', () => stopped.abort())
    const found = await findProviders(cid, sources, RECORDS_MAX, { signal: stopped.signal })
    sendRecords(request, response, 'Providers', found)
  }
}

export function servePeers(findPeer: FindPeer, self: Self): RequestHandler {
  return async (request, response) => {
    const text = String(request.params.peer)
    const peerId = canonicalPeerId(text)
    if (peerId === undefined) throw new RoutingPeerInvalidError(text)
    const view = await findPeer(peerId)
    const record = view === undefined ? undefined : recordOf(view, self)
    sendRecords(request, response, 'Peers', record === undefined ? [] : [record])
  }
}

function sendRecords(
  request: Request,
  response: Response,
  name: 'Providers' | 'Peers',
  found: readonly PeerRecord[],
): void {
  const records = filterRecords(found, queryText(request, 'filter-addrs'), queryText(request, 'filter-protocols'))
  response.setHeader('Cache-Control', `public, max-age=${records.length === 0 ? 15 : 300}`)
  response.setHeader('Last-Modified', new Date().toUTCString())
  response.setHeader('Vary', 'Accept')
  if (request.accepts(['application/json', NDJSON]) !== NDJSON) return void response.json({ [name]: records })
  response.setHeader('Content-Type', NDJSON)
  response.end(records.map((record) => `${JSON.stringify(record)}\n`).join(''))
}

export class RoutingPeerInvalidError extends GranaryError {
  constructor(text: string) {
    super({
      code: 'ROUTING_PEER_INVALID',
      message: `"${text}" is no peer id`,
      hint: 'name a peer as base58btc of its multihash (12D3…, Qm…) or as a CID of codec libp2p-key',
    })
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
    const { Protocols, Addrs } = record
    if (Protocols.length === 0 ? !byProtocol.keepsNone : !Protocols.some((name) => byProtocol.keeps([name]))) return []
    if (Addrs.length === 0) return byAddress.keepsNone ? [record] : []
    const kept = Addrs.filter((address) => byAddress.keeps(address.split('/')))
    return kept.length === 0 ? [] : [{ ...record, Addrs: kept }]
  })
}

interface Filter {
  keeps(names: readonly string[]): boolean
  /** What has no names at all. */
  readonly keepsNone: boolean
}

function filterOf(text = ''): Filter {
  const terms = text
    .toLowerCase()
    .split(',')
    .filter((term) => term !== '')
  const unwanted = terms.filter((term) => term.startsWith('!')).map((term) => term.slice(1))
  const wanted = terms.filter((term) => !term.startsWith('!'))
  return {
    keeps: (names) =>
      !names.some((name) => unwanted.includes(name.toLowerCase())) &&
      (wanted.length === 0 || names.some((name) => wanted.includes(name.toLowerCase()))),
    keepsNone: terms.length === 0 || wanted.includes('unknown'),
  }
}
