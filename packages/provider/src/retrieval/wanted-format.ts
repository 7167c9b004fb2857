/**
 * What a request to /ipfs wants: a block, a CAR, an object, or what stands there. `?format` wins over Accept.
 * https://specs.ipfs.tech/http-gateways/trustless-gateway/
 */
import { GranaryError } from '@granary/base'
import type { ObjectCodec } from '@granary/content'
import type { Request } from 'express'
import { RequestInvalidError } from './http-error.ts'

export type DagScope = 'block' | 'entity' | 'all'

export interface CarFormat {
  readonly kind: 'car'
  readonly scope: DagScope
  /** As asked for; negative numbers count from the end, and an undefined end is the end of the file. */
  readonly entityBytes: { readonly from: number; readonly to: number | undefined } | undefined
  readonly dups: boolean
}

export interface ObjectFormat {
  readonly kind: 'object'
  readonly type: ObjectCodec
}

/** `isPage`: for people to look at. */
export type WantedFormat =
  | { readonly kind: 'entity'; readonly isPage: boolean }
  | { readonly kind: 'raw' }
  | CarFormat
  | ObjectFormat

export class FormatUnsupportedError extends GranaryError {
  constructor(format: string) {
    super({
      code: 'FORMAT_UNSUPPORTED',
      message: `"${format}" is not served here`,
      hint: 'ask for raw (application/vnd.ipld.raw), car (application/vnd.ipld.car), the codec of the block, or the file itself',
    })
  }
}

interface MediaType {
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

const RAW = 'application/vnd.ipld.raw'
const CAR = 'application/vnd.ipld.car'
const objectTypes: ReadonlyMap<string, ObjectCodec> = new Map([
  ['application/vnd.ipld.dag-json', 'dag-json'],
  ['application/vnd.ipld.dag-cbor', 'dag-cbor'],
  ['application/json', 'json'],
  ['application/cbor', 'cbor'],
])
/** Types of the gateway specifications that other gateways make. */
const notServed = /^application\/(vnd\.ipfs\.ipns-record|x-tar)$/

export function mediaTypeOfObject(type: ObjectCodec): string {
  return [...objectTypes].find(([, each]) => each === type)![0]
}

/** @throws FormatUnsupportedError FORMAT_UNSUPPORTED, RequestInvalidError REQUEST_INVALID */
export function wantedFormat(request: Request): WantedFormat {
  const accepted = acceptedTypes(request.get('accept') ?? '')
  const format = queryText(request, 'format')
  if (format === 'raw') return { kind: 'raw' }
  if (format === 'car') return carFormat(request, accepted.find(({ type }) => type === CAR)?.parameters)
  const named = [...objectTypes.values()].find((type) => type === format)
  if (named !== undefined) return { kind: 'object', type: named }
  if (format !== undefined) throw new FormatUnsupportedError(format)
  const isServed = (type: string): boolean => [RAW, CAR, '*/*', 'text/html'].includes(type) || objectTypes.has(type)
  const known = accepted.find(({ type }) => isServed(type))
  if (known?.type === RAW) return { kind: 'raw' }
  if (known?.type === CAR) return carFormat(request, known.parameters)
  const object = objectTypes.get(known?.type ?? '')
  if (object !== undefined) return { kind: 'object', type: object }
  const other = accepted.find(({ type }) => notServed.test(type))
  if (known === undefined && other !== undefined) throw new FormatUnsupportedError(other.type)
  return { kind: 'entity', isPage: known?.type === 'text/html' }
}

function carFormat(request: Request, parameters: ReadonlyMap<string, string> = new Map()): CarFormat {
  const version = queryText(request, 'car-version') ?? parameters.get('version') ?? '1'
  if (version !== '1') throw new FormatUnsupportedError(`${CAR}; version=${version}`)
  const order = queryText(request, 'car-order') ?? parameters.get('order') ?? 'dfs'
  if (order !== 'dfs' && order !== 'unk') throw new FormatUnsupportedError(`${CAR}; order=${order}`)
  const dups = queryText(request, 'car-dups') ?? parameters.get('dups') ?? 'n'
  if (dups !== 'y' && dups !== 'n') throw new RequestInvalidError(`dups=${dups}`, 'say dups=y or dups=n')
  const entityBytes = entityBytesOf(queryText(request, 'entity-bytes'))
  const scope = queryText(request, 'dag-scope') ?? (entityBytes === undefined ? 'all' : 'entity')
  if (scope !== 'block' && scope !== 'entity' && scope !== 'all')
    throw new RequestInvalidError(`dag-scope=${scope}`, 'say dag-scope=block, entity or all')
  return { kind: 'car', scope: entityBytes === undefined ? scope : 'entity', entityBytes, dups: dups === 'y' }
}

function entityBytesOf(text: string | undefined): CarFormat['entityBytes'] {
  if (text === undefined) return undefined
  const [, from, to] = /^(-?\d{1,15}):(\*|-?\d{1,15})$/.exec(text) ?? []
  if (from === undefined || to === undefined)
    throw new RequestInvalidError(
      `entity-bytes=${text}`,
      'say entity-bytes=FROM:TO with whole numbers, or * for the end',
    )
  const range = { from: Number(from), to: to === '*' ? undefined : Number(to) }
  // Counted from the same end, the last byte is not before the first.
  const isBackwards = range.to !== undefined && range.from < 0 === range.to < 0 && range.to < range.from
  if (isBackwards) throw new RequestInvalidError(`entity-bytes=${text}`, 'let it end where it begins, or later')
  return range
}

/** A parameter of the query; one that is given twice is as good as none. */
export function queryText(request: Request, name: string): string | undefined {
  const value: unknown = request.query[name]
  return typeof value === 'string' ? value : undefined
}

/** Media types of an Accept header, the most wanted first. */
function acceptedTypes(header: string): MediaType[] {
  const types = header.split(',').map((item) => {
    const [type = '', ...rest] = item.split(';').map((part) => part.trim())
    const parameters = new Map(rest.map((part) => keyAndValue(part)))
    return { type: type.toLowerCase(), parameters }
  })
  const quality = ({ parameters }: MediaType): number => Number(parameters.get('q') ?? 1)
  return types.filter(({ type }) => type !== '').sort((a, b) => quality(b) - quality(a))
}

function keyAndValue(part: string): [string, string] {
  const [key = '', value = ''] = part.split('=', 2)
  return [key.trim().toLowerCase(), value.trim().replaceAll('"', '').toLowerCase()]
}
