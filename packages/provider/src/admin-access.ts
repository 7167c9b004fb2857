/**
 * `<home>/provider/admin.json`: where the running provider listens for its owner, and the token that it takes. Whoever may read
 * the file is the owner: nobody else may. Written anew at each start.
 */
import { randomBytes } from 'node:crypto'
import { chmod, readFile, rm } from 'node:fs/promises'
import { GranaryError } from '@granary/base'
import { writeFileDurably } from '@granary/base/node'
import { type Operation, type Parsed, pathOf, problemOf } from '@granary/protocol/operation'
import * as z from 'zod/mini'

export interface AdminAccess {
  readonly url: string
  readonly token: string
}

const accessForm = z.object({ url: z.string(), token: z.string() })
const ANSWER_MS = 30_000

export class ProviderNotRunningError extends GranaryError {
  constructor(path: string, cause?: unknown) {
    super({
      code: 'PROVIDER_NOT_RUNNING',
      message: `no provider runs in this home: ${path} ${cause === undefined ? 'is not there' : 'names one that does not answer'}`,
      hint: 'start it with `granary provider run`, or name its home with --home',
      details: { path },
      cause,
    })
  }
}

/** It runs, and has not answered: what it was asked for may still happen. */
export class ProviderSlowError extends GranaryError {
  constructor(url: string, timeoutMs: number) {
    super({
      code: 'PROVIDER_UNREACHABLE',
      message: `the provider that runs at ${url} has not answered within ${timeoutMs} ms`,
      hint: 'it may still do what it was asked for: look at `granary provider status`, and ask again',
      details: { url, timeoutMs },
    })
  }
}

export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

export async function writeAdminAccess(path: string, access: AdminAccess): Promise<void> {
  await writeFileDurably(path, `${JSON.stringify(access, null, 2)}\n`, 0o600)
  await chmod(path, 0o600)
}

export async function removeAdminAccess(path: string): Promise<void> {
  await rm(path, { force: true })
}

export interface AskOptions {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: string
  readonly signal?: AbortSignal | undefined
  /** @default 30,000 */
  readonly timeoutMs?: number
}

/** @throws ProviderNotRunningError; ProviderSlowError PROVIDER_UNREACHABLE; what the provider refuses */
export async function askProvider<O extends Operation>(
  path: string,
  operation: O,
  { params = {}, query = '', signal, timeoutMs = ANSWER_MS }: AskOptions = {},
): Promise<Parsed<O>> {
  const { url, token } = await readAccess(path)
  const timeout = AbortSignal.timeout(timeoutMs)
  const response = await fetch(`${url}${pathOf(operation, params)}${query}`, {
    method: operation.method.toUpperCase(),
    headers: { authorization: `Bearer ${token}` },
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  }).catch((error: unknown) => {
    signal?.throwIfAborted()
    if (timeout.aborted) throw new ProviderSlowError(url, timeoutMs)
    throw new ProviderNotRunningError(path, error)
  })
  const json: unknown = await response.json().catch(() => undefined)
  if (json === undefined && timeout.aborted) throw new ProviderSlowError(url, timeoutMs)
  if (!response.ok) {
    const wire = (json as { error?: unknown } | undefined)?.error
    throw GranaryError.fromWire(wire) ?? new ProviderNotRunningError(path, new Error(`HTTP ${response.status}`))
  }
  const parsed = operation.answer.safeParse(json)
  if (parsed.success) return parsed.data as Parsed<O>
  throw new ProviderNotRunningError(path, new Error(problemOf(parsed.error)))
}

async function readAccess(path: string): Promise<AdminAccess> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ProviderNotRunningError(path)
  })
  try {
    return accessForm.parse(JSON.parse(text))
  } catch (error) {
    throw new ProviderNotRunningError(path, error)
  }
}
