/** A client in a page, for the contract of the client: client-in-page.slow.test.ts opens this in a real browser. */
import type { PutOptions } from '@granary/client'
import { createGranary } from '@granary/client/browser'
import { memorySink } from '@granary/client/memory'

export interface ClientInput {
  readonly chain: string
  readonly address: `0x${string}`
}

/** An error's class does not come out of a page: what it says does. */
export type Answer<T> =
  | { readonly value: T }
  | { readonly error: { readonly message: string; readonly code: unknown; readonly retryable: unknown } }

/** What the test has put into the window. */
declare function signAs(digest: number[]): Promise<number[]>
declare function told(progress: unknown): Promise<void>

export async function put(
  input: ClientInput,
  source: string | 'the chosen file',
  options: Omit<PutOptions, 'signal' | 'onProgress'>,
): Promise<Answer<Awaited<ReturnType<ReturnType<typeof createGranary>['put']>>>> {
  const bytes = source === 'the chosen file' ? chosenFile() : fromBase64(source)
  // In the order in which they happen: a call into the test is its own round trip.
  let telling = Promise.resolve()
  const onProgress = (progress: unknown) => {
    telling = telling.then(() => told(progress))
  }
  return await answered(async () => {
    const result = await clientOf(input).put(bytes, { ...options, onProgress })
    await telling
    return result
  })
}

export async function get(input: ClientInput, rootCid: string): Promise<Answer<string>> {
  return await answered(async () => {
    const sink = memorySink()
    await clientOf(input).save(rootCid, sink)
    return toBase64(new Uint8Array(await sink.blob().arrayBuffer()))
  })
}

function clientOf({ chain, address }: ClientInput) {
  const sign = async ({ digest }: { readonly digest: Uint8Array }) => Uint8Array.from(await signAs([...digest]))
  return createGranary({ chain, account: { address, sign } })
}

/** Of the page's field for files; there is one with the first call, so that a test can choose a file in it. */
export function chosenFile(): File {
  const [file] = document.querySelector('input')?.files ?? []
  if (file === undefined) throw new Error('no file is chosen')
  return file
}

export function showField(): void {
  document.body.append(Object.assign(document.createElement('input'), { type: 'file' }))
}

async function answered<T>(run: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await run() }
  } catch (error) {
    const { message, code, retryable } = error as { message: string; code?: unknown; retryable?: unknown }
    return { error: { message, code, retryable } }
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}

function toBase64(bytes: Uint8Array): string {
  const parts = Array.from({ length: Math.ceil(bytes.length / 0x8000) }, (_, part) =>
    String.fromCharCode(...bytes.subarray(part * 0x8000, (part + 1) * 0x8000)),
  )
  return btoa(parts.join(''))
}
